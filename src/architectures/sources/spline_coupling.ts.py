# One spline coupling of the active coordinates q [B, A], in units in which the splines reach from -1 to 1: those in
# `moved` are mapped given those in `kept`; `back` brings both into their order again.
def raw(self, kept: Tensor) -> Tensor:
    return self.conditioner(3.0 * kept).reshape([kept.size(0), {moved}, 3 * {bins} - 1])

def apply(self, q: Tensor) -> Tuple[Tensor, Tensor]:
    kept = q.index_select(1, self.kept)
    moved, log_slope = self.spline(q.index_select(1, self.moved).unsqueeze(2), self.raw(kept), False)
    return torch.cat((moved.squeeze(2), kept), 1).index_select(1, self.back), log_slope.double().sum([1, 2])

def undo(self, q: Tensor) -> Tuple[Tensor, Tensor]:
    kept = q.index_select(1, self.kept)
    moved, log_slope = self.spline(q.index_select(1, self.moved).unsqueeze(2), self.raw(kept), True)
    return torch.cat((moved.squeeze(2), kept), 1).index_select(1, self.back), log_slope.double().sum([1, 2])
