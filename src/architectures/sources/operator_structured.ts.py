# The weights of a coupling with a network for every coordinate (conditioner_structured.ts.py).
def weights(self) -> Tensor:
    return torch.cat([self.dense_weight.flatten(), self.dense_bias, self.output_dense.flatten(), self.output_bias,
                      self.unit_weight.t().flatten(), self.unit_bias.t().flatten(), self.unit_out.t().flatten()], 0)
