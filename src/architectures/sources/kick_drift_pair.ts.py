# The weights of a flow for one pair of temperatures.
def weights_at(self, tau: Tensor) -> Tensor:
    return self.weights
