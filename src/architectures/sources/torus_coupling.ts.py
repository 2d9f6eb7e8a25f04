# One torus coupling: x [B, n, d] in units of the box. With w = x_0 + seam (mod 1) and the circular spline S,
#     x_0 <- x_0 + (S(w) - w) + shift,
# which is S between the two circular shifts seam and shift - seam, written so that it is continuous in x_0 on
# the whole line. Spline and shifts, in units of about a distance between neighbours, depend on the other components
# of all atoms.
def conditioner(self, context: Tensor) -> Tensor:
    angle = ((context - torch.floor(context)).unsqueeze(3) * self.harmonics).flatten(2)
    c = torch.cos(angle)
    s = torch.sin(angle)
    h = torch.matmul(torch.cat((c, s), 2), self.weight_in) + self.embedding.index_select(0, self.species)
    #each layer
    h = self.block_{layer}.attend(h, c, s)
    #end
    # A tenth, so that one step of Adam does not throw atoms into each other.
    return 0.1 * (torch.matmul(torch.layer_norm(h, [{width}]), self.weight_out) + self.bias_out)

def apply(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    first, context = x.split_with_sizes([1, {others}], 2)
    bins, seam, shift = self.conditioner(context).split_with_sizes([3 * {bins}, 1, 1], 2)
    w = first + self.seam.index_select(0, self.species) + seam / {harmonics}
    w = w - torch.floor(w)
    moved, log_slope = self.spline(w, bins, False)
    first = first + (moved - w) + shift / {harmonics}
    return torch.cat((context, first), 2), log_slope.double().sum([1, 2])

def undo(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    context, last = x.split_with_sizes([{others}, 1], 2)
    bins, seam, shift = self.conditioner(context).split_with_sizes([3 * {bins}, 1, 1], 2)
    last = last - shift / {harmonics}
    w = last + self.seam.index_select(0, self.species) + seam / {harmonics}
    w = w - torch.floor(w)
    moved, log_slope = self.spline(w, bins, True)
    last = last + (moved - w)
    return torch.cat((last, context), 2), log_slope.double().sum([1, 2])
