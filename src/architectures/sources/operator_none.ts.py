# The weights of a spline that depends on nothing (conditioner_none.ts.py).
def weights(self) -> Tensor:
    return self.bias_out
