# From the couplings' coordinates y [B, n*d] to the target's: x = mean + spread * M y with the trainable
# unit-determinant matrix M = P L U (L unit lower triangular, the diagonal of U of determinant +-1); mean
# and spread (one number) are constants from data. Frozen, M and its inverse are constants.
def mixing(self) -> Tensor:
    log_diagonal = self.log_diagonal - self.log_diagonal.mean()
    lower = torch.tril(self.lower, -1) + self.identity
    upper = torch.triu(self.upper, 1) + torch.diag(self.diagonal_sign * torch.exp(log_diagonal))
    return torch.mm(torch.mm(self.permutation, lower), upper)

def to_target(self, y: Tensor) -> Tensor:
    return torch.addmm(self.mean, y, self.mixing().t() * self.spread)

def from_target(self, x: Tensor) -> Tensor:
    return torch.mm(x - self.mean, torch.inverse(self.mixing()).t() / self.spread)
