# The matrices by which rows are multiplied (target_mixing.ts.py).
def matrix_to_target(self) -> Tensor:
    return self.mixing().t()

def matrix_from_target(self) -> Tensor:
    return torch.inverse(self.mixing()).t()
