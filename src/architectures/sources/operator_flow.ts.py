# The flow by our own operator (docs/flows.md): all weights in one tensor, in the order of src/operators/coupling_form.h,
# which is a constant once the flow is frozen. u, v [B, S, n, d].
def weights(self, matrix: Tensor) -> Tensor:
    return torch.cat([self.ends(), matrix.flatten(),
                      #each coupling
                      self.coupling_{coupling}.weights(),
                      #end
                      self.padding], 0)

def map_points(self, u: Tensor, matrix: Tensor, inverse: bool) -> Tuple[Tensor, Tensor]:
    return nflow.coupling_flow(u, self.weights(matrix), self.log_volume(), self.places, "{kind}", "{activation}",
                               {mixed}, {units}, {bins}, {hidden}, {sizes}, inverse)

def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    return self.map_points(u, self.matrix_to_target(), False)

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    return self.map_points(v, self.matrix_from_target(), True)
