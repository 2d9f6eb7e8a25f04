# Scale, shift and spline couplings for open systems (docs/flows.md): u, v [B, 1, n, d]. Every coordinate is scaled
# about `origin` and shifted to `centre`; then the couplings map the active ones. The map does not depend on tau.
def log_scale(self) -> Tensor:
    return self.log_start + self.pace * self.gain

def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    y = self.centre + self.unit * self.pace * self.shift + torch.exp(self.log_scale()) * (u.flatten(1) - self.origin)
    log_det = self.log_scale().double().sum().expand([u.size(0)])
    q = (y.index_select(1, self.active) - self.middle) / self.bound
    #each coupling
    q, gain = self.coupling_{coupling}.apply(q)
    log_det = log_det + gain
    #end
    y = y.index_copy(1, self.active, self.middle + self.bound * q)
    return y.reshape(u.size()), log_det

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    y = v.flatten(1)
    log_det = -self.log_scale().double().sum().expand([v.size(0)])
    q = (y.index_select(1, self.active) - self.middle) / self.bound
    #reverse coupling
    q, gain = self.coupling_{coupling}.undo(q)
    log_det = log_det + gain
    #end
    y = y.index_copy(1, self.active, self.middle + self.bound * q)
    x = self.origin + (y - self.centre - self.unit * self.pace * self.shift) * torch.exp(-self.log_scale())
    return x.reshape(v.size()), log_det
