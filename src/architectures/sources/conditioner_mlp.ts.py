# Conditioner, plain form: a multilayer perceptron of the other half c [B, in] that returns the raw
# log-scale and the shift, side by side [B, 2*out]. {layer} lines are written out for every hidden layer.
def conditioner(self, c: Tensor) -> Tensor:
    h = c
    #each layer
    h = torch.{activation}(torch.addmm(self.bias_{layer}, h, self.weight_{layer}))
    #end
    return torch.addmm(self.bias_out, h, self.weight_out)
