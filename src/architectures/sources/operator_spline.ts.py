# Scale, shift and splines of the active coordinates (spline_flow.ts.py).
def log_scale(self) -> Tensor:
    return self.log_start + self.pace * self.gain

def ends(self) -> Tensor:
    scale = torch.exp(self.log_scale())
    offset = self.centre + self.unit * self.pace * self.shift - scale * self.origin
    bound = torch.ones_like(offset).index_copy(0, self.active, self.bound)
    middle = torch.zeros_like(offset).index_copy(0, self.active, self.middle)
    return torch.cat([scale / bound, (offset - middle) / bound, bound, middle], 0)

def log_volume(self) -> Tensor:
    return self.log_scale().double().sum()

def matrix_to_target(self) -> Tensor:
    return self.origin.new_zeros([0])

def matrix_from_target(self) -> Tensor:
    return self.origin.new_zeros([0])
