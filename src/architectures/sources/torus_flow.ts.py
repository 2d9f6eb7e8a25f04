# Torus couplings by coordinate (docs/flows.md): u, v [B, 1, n, d] are positions in a periodic box, in any image;
# atoms stay in their image but for what they move. Every coupling takes the first component of all atoms, maps it
# given the others, and puts it last, so that coupling c maps component c mod d; {turn} places bring the components
# back. The map does not depend on tau.
def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    x = u.squeeze(1) / self.box
    log_det = u.new_zeros([u.size(0)]).double()
    #each coupling
    x, gain = self.coupling_{coupling}.apply(x)
    log_det = log_det + gain
    #end
    v = torch.roll(x, [{turn}], [2]) * self.box
    return v.unsqueeze(1), log_det

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    x = torch.roll(v.squeeze(1) / self.box, [-{turn}], [2])
    log_det = v.new_zeros([v.size(0)]).double()
    #reverse coupling
    x, gain = self.coupling_{coupling}.undo(x)
    log_det = log_det + gain
    #end
    return (x * self.box).unsqueeze(1), log_det
