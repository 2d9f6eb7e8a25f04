"""Small flows written as bgflow, normflows, zuko and nflows write theirs, with their habits."""
import math
from types import SimpleNamespace

import torch


def network(inputs, outputs, activation=torch.nn.SiLU):
    return torch.nn.Sequential(torch.nn.Linear(inputs, 32), activation(),
                               torch.nn.Linear(32, outputs))


# bgflow: forward(*x, inverse=False) -> (*y, dlogp [B, 1]), from the prior's side.

class BgAffine(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.shift, self.scale = network(inputs, outputs), network(inputs, outputs)
        self.start = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x, y, inverse=False):
        log_scale = self.start + torch.tanh(self.scale(x))
        log_det = log_scale.sum(dim=-1, keepdim=True)
        if inverse:
            return (y - self.shift(x)) * torch.exp(-log_scale), -log_det
        return torch.exp(log_scale) * y + self.shift(x), log_det


class BgCoupling(torch.nn.Module):
    def __init__(self, size, swapped):
        super().__init__()
        self.sizes, self.swapped = [size // 2, size - size // 2], swapped
        self.affine = BgAffine(*(reversed(self.sizes) if swapped else self.sizes))

    def forward(self, x, inverse=False, **kwargs):
        a, b = torch.split(x, self.sizes, dim=-1)
        if self.swapped:
            a, log_det = self.affine(b, a, inverse=inverse)
        else:
            b, log_det = self.affine(a, b, inverse=inverse)
        return torch.cat([a, b], -1), log_det


class BgSequential(torch.nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self._blocks = torch.nn.ModuleList(blocks)

    def forward(self, *xs, inverse=False, **kwargs):
        total = torch.zeros(xs[0].shape[0], 1).to(xs[0])
        for block in reversed(self._blocks) if inverse else self._blocks:
            *xs, log_det = block(*xs, inverse=inverse, **kwargs)
            total += log_det
        return (*xs, total)


class BgNormal(torch.nn.Module):
    def __init__(self, cubic=0.0):
        super().__init__()
        self.cubic = cubic

    def energy(self, x):
        return (0.5 * x ** 2 + self.cubic * x ** 4).sum(-1, keepdim=True)


class BgGenerator(torch.nn.Module):
    def __init__(self, prior, flow):
        super().__init__()
        self.prior, self.flow = prior, flow


def bgflow(size):
    return BgGenerator(BgNormal(), BgSequential([BgCoupling(size, i % 2 == 1) for i in range(4)]))


# normflows: a list of flows (z, log_det), len(z) in some of them, and a base q0.

class NfMaskedAffine(torch.nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("b", mask.view(1, -1))
        size = len(mask)
        self.s = network(size, size, torch.nn.Tanh)
        self.t = network(size, size, torch.nn.LeakyReLU)

    def forward(self, z):
        kept = self.b * z
        scale, shift = self.s(kept), self.t(kept)
        nan = torch.tensor(float("nan"), dtype=z.dtype, device=z.device)
        scale = torch.where(torch.isfinite(scale), scale, nan)
        z = kept + (1 - self.b) * (z * torch.exp(scale) + shift)
        return z, torch.sum((1 - self.b) * scale, dim=list(range(1, self.b.dim())))

    def inverse(self, z):
        kept = self.b * z
        scale, shift = self.s(kept), self.t(kept)
        z = kept + (1 - self.b) * (z - shift) * torch.exp(-scale)
        return z, -torch.sum((1 - self.b) * scale, dim=list(range(1, self.b.dim())))


class NfPermute(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.register_buffer("perm", torch.randperm(size))
        self.register_buffer("inv_perm", torch.argsort(self.perm))

    def forward(self, z):
        return z[:, self.perm, ...], torch.zeros(len(z), device=z.device)

    def inverse(self, z):
        return z[:, self.inv_perm, ...], torch.zeros(len(z), device=z.device)


class NfActNorm(torch.nn.Module):
    def __init__(self, size, done=1.0):
        super().__init__()
        self.s = torch.nn.Parameter(torch.full((1, size), 0.1))
        self.t = torch.nn.Parameter(torch.zeros(1, size))
        self.register_buffer("done", torch.tensor(done))

    def forward(self, z):
        if not self.done > 0.0:
            self.s.data = -torch.log(z.std(0, keepdim=True) + 1e-6)
            self.done = torch.tensor(1.0)
        return z * torch.exp(self.s) + self.t, torch.sum(self.s)

    def inverse(self, z):
        return (z - self.t) * torch.exp(-self.s), -torch.sum(self.s)


class NfDiagGaussian(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.loc = torch.nn.Parameter(0.2 * torch.randn(1, size))
        self.log_scale = torch.nn.Parameter(0.2 * torch.randn(1, size))

    def log_prob(self, z):
        scaled = (z - self.loc) / torch.exp(self.log_scale)
        return -0.5 * math.log(2 * math.pi) * z.shape[1] - torch.sum(
            self.log_scale + 0.5 * scaled ** 2, 1)


class NfNormalizingFlow(torch.nn.Module):
    def __init__(self, q0, flows):
        super().__init__()
        self.q0, self.flows = q0, torch.nn.ModuleList(flows)

    def forward(self, z):
        for flow in self.flows:
            z, _ = flow(z)
        return z


def normflows(size):
    flows = []
    for i in range(4):
        flows += [NfMaskedAffine((torch.arange(size) + i).remainder(2).float()), NfPermute(size)]
    return NfNormalizingFlow(NfDiagGaussian(size), flows + [NfActNorm(size)])


# zuko: a lazy flow, flow() -> distribution with .transform from x to z and .base.

class ZTransform:
    @property
    def inv(self):
        return ZInverse(self)


class ZInverse:
    def __init__(self, transform):
        self.transform = transform

    def call_and_ladj(self, z):
        x = self.transform.undo(z)
        return x, -self.transform.call_and_ladj(x)[1]


class ZCoupling(ZTransform):
    def __init__(self, hyper, mask):
        self.hyper, self.a, self.b = hyper, mask.nonzero().squeeze(-1), (~mask).nonzero().squeeze(-1)

    def parameters(self, x):
        phi = self.hyper(x[..., self.a])
        phi = phi.reshape(phi.shape[:-1] + (-1, 2))
        return phi[..., 0], phi[..., 1] / (1 + abs(phi[..., 1] / math.log(1e-3)))

    def merge(self, x, moved):
        merged = x.new_empty(x.shape)
        merged[..., self.a] = x[..., self.a]
        merged[..., self.b] = moved
        return merged

    def call_and_ladj(self, x):
        shift, log_scale = self.parameters(x)
        return self.merge(x, x[..., self.b] * log_scale.exp() + shift), log_scale.sum(-1)

    def undo(self, z):
        shift, log_scale = self.parameters(z)
        return self.merge(z, (z[..., self.b] - shift) / log_scale.exp())


class ZComposed(ZTransform):
    def __init__(self, transforms):
        self.transforms = transforms

    def call_and_ladj(self, x):
        total = 0
        for transform in self.transforms:
            x, ladj = transform.call_and_ladj(x)
            total = total + ladj
        return x, total

    def undo(self, z):
        for transform in reversed(self.transforms):
            z = transform.undo(z)
        return z


class ZLazyCoupling(torch.nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        kept = int(mask.sum())
        self.hyper = network(kept, 2 * (len(mask) - kept), torch.nn.ReLU)

    def forward(self, c=None):
        return ZCoupling(self.hyper, self.mask)


class ZFlow(torch.nn.Module):
    def __init__(self, transforms, size):
        super().__init__()
        self.transforms = torch.nn.ModuleList(transforms)
        self.register_buffer("loc", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def forward(self, c=None):
        base = torch.distributions.Independent(torch.distributions.Normal(self.loc, self.scale), 1)
        return SimpleNamespace(transform=ZComposed([t(c) for t in self.transforms]), base=base)


def zuko(size):
    return ZFlow([ZLazyCoupling(torch.arange(size) % 2 == i % 2) for i in range(4)], size)


# nflows: _transform from x to z, with inverse(), and _distribution.

class NsCoupling(torch.nn.Module):
    def __init__(self, size, swapped):
        super().__init__()
        self.half, self.swapped = size // 2, swapped
        rest = size - self.half
        self.net = network(rest, 2 * self.half) if swapped else network(self.half, 2 * rest)

    def go(self, x, sign):
        a, b = x[:, :self.half], x[:, self.half:]
        if self.swapped:
            a, b = b, a
        log_scale, shift = self.net(a).chunk(2, -1)
        log_scale = torch.tanh(log_scale)
        b = b * torch.exp(log_scale) + shift if sign > 0 else (b - shift) * torch.exp(-log_scale)
        return torch.cat([b, a] if self.swapped else [a, b], 1), sign * log_scale.sum(1)

    def forward(self, x, context=None):
        return self.go(x, 1.0)

    def inverse(self, z, context=None):
        return self.go(z, -1.0)


class NsComposite(torch.nn.Module):
    def __init__(self, transforms):
        super().__init__()
        self._transforms = torch.nn.ModuleList(transforms)

    def cascade(self, x, steps):
        total = x.new_zeros(x.shape[0])
        for step in steps:
            x, log_det = step(x)
            total += log_det
        return x, total

    def forward(self, x, context=None):
        return self.cascade(x, self._transforms)

    def inverse(self, z, context=None):
        return self.cascade(z, [t.inverse for t in reversed(list(self._transforms))])


class NsNormal(torch.nn.Module):
    def log_prob(self, z):
        return -0.5 * (z * z).sum(1) - 0.5 * math.log(2 * math.pi) * z.shape[1]


class NsFlow(torch.nn.Module):
    def __init__(self, transform, distribution):
        super().__init__()
        self._transform, self._distribution = transform, distribution


def nflows(size):
    return NsFlow(NsComposite([NsCoupling(size, i % 2 == 1) for i in range(4)]), NsNormal())
