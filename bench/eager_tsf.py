"""The structured TSF of a portable model file in plain PyTorch, as one would write it by hand: microseconds a
configuration by batch. Compared with the file's own TorchScript first.   eager_tsf.py portable.pt"""
import sys
import time

import torch

torch.set_num_threads(1)
script = torch.jit.load(sys.argv[1])
w = dict(script.named_parameters()) | dict(script.named_buffers())
w = {name: value.detach() for name, value in w.items()}
couplings = sum(name.endswith("dense_weight") for name in w)


class Coupling(torch.nn.Module):
    def __init__(self, number):
        super().__init__()
        for name in ("dense_weight", "dense_bias", "output_dense", "output_bias", "unit_weight", "unit_bias", "unit_out"):
            self.register_buffer(name, w[f"coupling_{number}.{name}"])

    def forward(self, a, c):
        hidden = torch.tanh(torch.addmm(self.dense_bias, c, self.dense_weight))
        raw, shift = torch.addmm(self.output_bias, hidden, self.output_dense).chunk(2, 1)
        units = torch.tanh(c.unsqueeze(2) * self.unit_weight + self.unit_bias)
        shift = shift + (units * self.unit_out).sum(2)
        s = torch.tanh(raw)
        return a * torch.exp(s - s.mean(1, keepdim=True)) + shift


layers = [Coupling(i) for i in range(couplings)]
log_diagonal = w["log_diagonal"] - w["log_diagonal"].mean()
lower = torch.tril(w["lower"], -1) + w["identity"]
upper = torch.triu(w["upper"], 1) + torch.diag(w["diagonal_sign"] * torch.exp(log_diagonal))
mixing = (w["permutation"] @ lower @ upper).t() * w["spread"]
scale = torch.exp(w["log_scale"]) / w["thermal"]


def forward(u):
    x, p = u.flatten(2).unbind(1)
    x, p = x * scale, p / w["thermal"]
    for i, layer in enumerate(layers):
        if i % 2 == 0:
            p = layer(p, x)
        else:
            x = layer(x, p)
    x = torch.addmm(w["mean"], x, mixing)
    return torch.stack((x, p * w["thermal"]), 1).view(u.shape)


with torch.inference_mode():
    u = torch.randn(256, 2, w["mean"].numel(), 1, dtype=torch.float64)
    assert torch.allclose(forward(u), script(u, torch.ones(2, dtype=torch.float64))[0], atol=1e-10)
    for batch in (1, 16, 256):
        part, times = u[:batch].contiguous(), []
        for repeat in range(12):
            start = time.perf_counter()
            for _ in range(10):
                forward(part)
            times.append((time.perf_counter() - start) / 10)
        print(batch, 1e6 * sorted(times)[len(times) // 2] / batch)
