# The weights of a coupling with a multilayer perceptron (conditioner_mlp.ts.py).
def weights(self) -> Tensor:
    return torch.cat([
        #each layer
        self.weight_{layer}.flatten(), self.bias_{layer},
        #end
        self.weight_out.flatten(), self.bias_out], 0)
