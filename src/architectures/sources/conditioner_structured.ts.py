# Conditioner, structured form: one dense hidden layer, which makes the raw log-scale and part of the
# shift, and for every coordinate a small network of its own, which makes the rest of its shift:
#     shift_j += sum_k unit_out[j, k] * tanh(unit_weight[j, k] * c_j + unit_bias[j, k]).
# Both are laid into one pair of matrices (the small networks block by block; self.partner says which
# input belongs to which output), so that batch one costs two products; frozen, they are constants.
def hidden_weight(self) -> Tensor:
    blocks = self.partner.unsqueeze(2) * self.unit_weight.unsqueeze(0)
    return torch.cat((self.dense_weight, blocks.flatten(1)), 1)

def hidden_bias(self) -> Tensor:
    return torch.cat((self.dense_bias, self.unit_bias.flatten()))

def output_weight(self) -> Tensor:
    blocks = (self.unit_out.unsqueeze(2) * self.own.unsqueeze(1)).flatten(0, 1)
    units = torch.cat((torch.zeros_like(blocks), blocks), 1)
    return torch.cat((self.output_dense, units), 0)

def conditioner(self, c: Tensor) -> Tensor:
    h = torch.{activation}(torch.addmm(self.hidden_bias(), c, self.hidden_weight()))
    return torch.addmm(self.output_bias, h, self.output_weight())
