"""Flows trained in Python as model files of lammps-nflow: see docs/python.md.

    nflow_export.save(flow, "model.pt", n_atoms=5, dim=1, temperature=1.0)
    python3 nflow_export.py samples.npz samples.dump

needs torch (1.13 or newer) and nothing else; the dump needs numpy.
"""
import argparse
import contextlib
import copy
import inspect
import json
import math
import os
import shutil
import subprocess
import warnings
import zipfile

import torch

BOLTZMANN = {"lj": 1.0, "real": 0.0019872067, "metal": 8.617343e-5, "si": 1.3806504e-23,
             "cgs": 1.3806504e-16, "electron": 3.16681534e-6, "micro": 1.3806504e-8,
             "nano": 0.013806504}


def save(flow, path, *, n_atoms, dim, prior="gaussian", temperature=1.0, example=None,
         standard_normal=True, units="lj", auxiliary=False, auxiliary_variance=1.0, types=None,
         box=None, periodic=False, dtype="float64", architecture=None, provenance=None,
         check="nflow-check"):
    """Writes `flow`, which stays as it is, to the model file `path`, and has nflow-check try it.

    flow             a flow of bgflow, normflows, zuko or nflows, or two functions (forward, inverse)
                     of points [B, n_atoms * dim] that return (points, log_det [B]): forward from the
                     prior's side to the target's
    temperature      prior "gaussian": that of training, or a list; "boltzmann": (T0, T1), or a list
    example          one configuration of the prior's side, which prior "boltzmann" needs
    standard_normal  the flow was trained with N(0, 1), as libraries do, and not with N(0, k_B T)
    check            the program nflow-check; None: do not try the file

    Raises ValueError with a sentence, and writes nothing, where the file would be refused or false.
    """
    size = n_atoms * dim * (2 if auxiliary else 1)
    metadata = {
        "format": "nflow-model", "version": 1, "prior": prior, "n_atoms": n_atoms, "dim": dim,
        "architecture": architecture or "python", "auxiliary": int(auxiliary), "types": types,
        "periodic": periodic, "box": box, "units": units, "dtype": dtype,
        "temperature": _temperature(prior, temperature),
        "provenance": {"torch": torch.__version__, **(provenance or {})}}
    if prior == "boltzmann":
        metadata["auxiliary_variance"] = float(auxiliary_variance)
    real = {"float32": torch.float32, "float64": torch.float64}.get(dtype)
    _require(real is not None, f"dtype '{dtype}' is not known: use float64 or float32")
    _require(units in BOLTZMANN, f"units '{units}' are not known: use a unit style of LAMMPS")
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(real)  # of zeros and ones that name none
        maps, base, parts = _recognise(copy.deepcopy(flow))
        for part in parts:
            part.cpu().to(real).eval().requires_grad_(False)
        scaled = prior == "gaussian" and standard_normal
        centre, width = _gaussian_base(base, size) if scaled else (0.0, 1.0)
        contract = _Contract(maps, parts, scaled, centre, width)
        shape = (2 if auxiliary else 1, n_atoms, dim)
        points = _points(metadata, shape, example, auxiliary_variance).to(real)
        with torch.no_grad():
            traced = _traced(contract, points, _tau(metadata))
    finally:
        torch.set_default_dtype(before)
    _write(traced, metadata, path, check)


def _require(condition, sentence):
    if not condition:
        raise ValueError("nflow_export: " + sentence)


def _temperature(prior, given):
    _require(prior in ("gaussian", "boltzmann"),
             f"prior '{prior}' is not known: use gaussian or boltzmann")
    try:
        if prior == "gaussian":
            listed = [float(t) for t in (given if isinstance(given, (list, tuple)) else [given])]
            return {"trained": listed, "steerable": False}
        pairs = [given] if isinstance(given[0], (int, float)) else given
        return {"pairs": [[float(t0), float(t1)] for t0, t1 in pairs]}
    except (TypeError, ValueError, IndexError):
        raise ValueError("nflow_export: temperature must be a number for prior gaussian and the pair "
                         "(T0, T1) for prior boltzmann: correct it") from None


def _tau(metadata):
    temperature = metadata["temperature"]
    pair = temperature["pairs"][0] if "pairs" in temperature else 2 * temperature["trained"][:1]
    return torch.tensor(pair, dtype=torch.float64) * BOLTZMANN[metadata["units"]]


# What libraries call things. Each gives (forward, inverse), the log density of its base or None,
# and the modules that are called.

def _recognise(flow):
    if isinstance(flow, (tuple, list)):
        _require(len(flow) == 2 and all(callable(f) for f in flow),
                 "a pair must be two functions (forward, inverse): give both")
        owners = [getattr(f, "__self__", f) for f in flow]
        return tuple(flow), None, [o for o in owners if isinstance(o, torch.nn.Module)]
    _require(isinstance(flow, torch.nn.Module), f"a {type(flow).__name__} is no flow that is known "
             "(bgflow, normflows, zuko, nflows): give a pair of functions (forward, inverse)")
    parts, base = [flow], None
    if hasattr(flow, "flow") and hasattr(flow, "prior"):  # a BoltzmannGenerator of bgflow
        base, flow = (lambda z, prior=flow.prior: -prior.energy(z).flatten()), flow.flow
    if hasattr(flow, "flows") and hasattr(flow, "q0"):  # normflows
        return _chain(flow.flows), flow.q0.log_prob, parts
    if hasattr(flow, "_transform") and hasattr(flow, "_distribution"):  # nflows: x -> z
        transform = flow._transform
        return (transform.inverse, transform.forward), flow._distribution.log_prob, parts
    arguments = inspect.signature(type(flow).forward).parameters
    if "inverse" in arguments:  # bgflow
        return (_last_is_log_det(flow, False), _last_is_log_det(flow, True)), base, parts
    if all(a.default is not a.empty or a.kind == a.VAR_KEYWORD for a in list(arguments.values())[1:]):
        lazy = flow()
        if hasattr(lazy, "transform"):  # zuko: x -> z
            return ((lambda z: flow().transform.inv.call_and_ladj(z)),
                    (lambda x: flow().transform.call_and_ladj(x))), _lazy_base(flow), parts
    raise ValueError(f"nflow_export: {type(flow).__name__} is no flow that is known (bgflow, normflows, "
                     "zuko, nflows): give a pair of functions (forward, inverse)")


def _chain(flows):
    def through(points, steps):
        total = points.new_zeros(points.shape[0])
        for step in steps:
            points, log_det = step(points)
            total = total + log_det
        return points, total
    return (lambda z: through(z, flows),
            lambda x: through(x, [f.inverse for f in reversed(list(flows))]))


def _last_is_log_det(flow, inverse):
    def call(points):
        *parts, log_det = flow(points, inverse=inverse)
        _require(len(parts) == 1, f"the flow returns {len(parts)} pieces of a point: give a pair of "
                 "functions that puts them together")
        return parts[0], log_det
    return call


def _lazy_base(flow):
    return (lambda z: flow().base.log_prob(z)) if hasattr(flow(), "base") else None


def _gaussian_base(log_density, size):
    """Centre and width of the numbers of a base distribution, from its density alone."""
    if log_density is None:
        return 0.0, 1.0
    one = torch.eye(size)
    with torch.no_grad():
        at = lambda z: log_density(z.to(torch.get_default_dtype())).double().flatten()
        none, up, down = at(torch.zeros(1, size)), at(one), at(-one)
        precision = 2.0 * none - up - down
        centre = (up - down) / (2.0 * precision)
        z = torch.randn(16, size, generator=torch.Generator().manual_seed(1))
        measured = at(z) - none
    wanted = -0.5 * (precision * ((z.double() - centre) ** 2 - centre ** 2)).sum(1)
    _require(bool((precision > 0).all()) and
             torch.allclose(measured, wanted, atol=1e-3 * math.sqrt(size)),
             "the base of the flow is not a gaussian of independent numbers: train with such a one")
    return centre, 1.0 / precision.sqrt()


class _Contract(torch.nn.Module):
    """The methods of docs/model-contract.md around maps of points [B, S n d]."""

    def __init__(self, maps, parts, scaled, centre, width):
        super().__init__()
        self.to_target, self.to_prior = maps
        self.parts = torch.nn.ModuleList(parts)
        self.scaled = scaled
        self.register_buffer("centre", torch.as_tensor(centre, dtype=torch.get_default_dtype()))
        self.register_buffer("width", torch.as_tensor(width, dtype=torch.get_default_dtype()))
        self.log_width = float(torch.as_tensor(width).double().log().sum())

    def forward(self, u, tau):
        z, log_scale = u.flatten(1), 0.0
        if self.scaled:  # from N(0, tau 1)
            z = self.centre + self.width * (z / torch.sqrt(tau[0]).to(z.dtype))
            log_scale = self.log_width - 0.5 * u[0].numel() * torch.log(tau[0])
        v, log_det = self.to_target(z)
        return v.reshape(u.shape), _one_each(log_det, z) + log_scale

    def inverse(self, v, tau):
        x = v.flatten(1)
        z, log_det = self.to_prior(x)
        log_scale = 0.0
        if self.scaled:
            z = (z - self.centre) / self.width * torch.sqrt(tau[0]).to(z.dtype)
            log_scale = 0.5 * v[0].numel() * torch.log(tau[0]) - self.log_width
        return z.reshape(v.shape), _one_each(log_det, x) + log_scale


def _one_each(log_det, points):
    """log_det as [B], float64, whether it came as [B], [B, 1] or one number for all."""
    if log_det.dim() == 2 and log_det.shape[1] == 1:
        log_det = log_det.squeeze(1)
    _require(log_det.dim() == 0 or log_det.dim() == 1 and len(log_det) in (1, len(points)),
             f"log_det has the shape {list(log_det.shape)} for {len(points)} points: it must be one "
             "number a point, [B]")
    return log_det.double() + torch.zeros_like(points[:, 0], dtype=torch.float64)


def _points(metadata, shape, example, auxiliary_variance):
    """Points of the prior's side to try: for a gaussian one also far out."""
    normal = torch.Generator().manual_seed(1)
    points = torch.randn(24, *shape, generator=normal, dtype=torch.float64)
    if metadata["prior"] == "gaussian":
        flat = points.view(len(points), -1)
        for i in range(12, 24):
            flat[i, i % flat.shape[1]] = 6.0 if i % 2 else -6.0
        return points * torch.sqrt(_tau(metadata)[0])
    _require(example is not None, "prior boltzmann needs example, one configuration of the prior's "
             "side: give one of the samples of training")
    place = torch.as_tensor(example, dtype=torch.float64).flatten()
    _require(place.numel() == shape[1] * shape[2], f"example has {place.numel()} numbers, but there "
             f"are {shape[1]} atoms of {shape[2]} components: correct one of them")
    metadata["example"] = [float(number) for number in place]
    points *= math.sqrt(auxiliary_variance)
    spread = float(place.std()) if place.numel() > 1 else 0.0
    points[:, 0] = place.view(shape[1:]) + 1e-3 * (spread or 1.0) * points[:, 0]
    return points


def _call(contract, method, points, tau):
    try:
        moved, log_det = getattr(contract, method)(points, tau)
    except ValueError:
        raise
    except Exception as e:
        raise ValueError(f"nflow_export: {method} of the flow fails for points of shape "
                         f"{list(points.flatten(1).shape)} ({_first_line(e)}): correct n_atoms and dim, "
                         "or the flow") from e
    _require(moved.dtype == points.dtype, f"{method} gives points of {moved.dtype} for "
             f"{points.dtype}: cast the flow and the tensors that it keeps, or give dtype")
    return moved, log_det


def _first_line(error):
    return str(error).strip().split("\n")[0]


def _traced(contract, points, tau):
    """The trace of both methods, which must do what they do, at other batch sizes as well."""
    state = copy.deepcopy(contract.state_dict())
    there, log_det = _call(contract, "forward", points, tau)
    for b in range(len(points)):
        _require(bool(torch.isfinite(there[b]).all() and torch.isfinite(log_det[b])),
                 "forward gives NaN or infinity at a point of the prior"
                 f" (its largest number is {float(points[b].abs().max()):.2g}): a flow must be "
                 "defined wherever its prior is, give splines linear tails")
    again, _ = _call(contract, "forward", points, tau)
    _require(_close(there, again, points.dtype), "forward gives something else when it is called "
             "again: take out random numbers and what changes from call to call")
    _require(all(torch.equal(state[k], v) for k, v in contract.state_dict().items()),
             "the flow changes its own buffers when it is called: call it once before, as in training")
    refusal = None
    for count in (3, 1):  # in a trace of one point, zeros(len(x)) fits every batch
        traced, hints = _trace_of(contract, points[:count], there[:count], tau)
        try:
            for method, all_points in (("forward", points), ("inverse", there)):
                for batch in (all_points[:1], all_points[:2], all_points, all_points.flip(0)[:7]):
                    _compare(traced, contract, method, batch, 1.3 * tau, hints)
            return traced
        except ValueError as e:
            refusal = refusal or e
    raise refusal


def _trace_of(contract, points, there, tau):
    """A frozen trace, and the lines of the flow that the tracer warned of."""
    with warnings.catch_warnings(record=True) as said, _zeros_for_empty():
        warnings.simplefilter("always")
        try:
            traced = torch.jit.trace_module(
                contract, {"forward": (points, tau), "inverse": (there, tau)}, check_trace=False)
        except Exception as e:
            raise ValueError(f"nflow_export: the flow cannot be traced ({_first_line(e)}): use "
                             "tensors and modules only, or a pair of methods of a module") from e
    hints = sorted({f"{os.path.basename(w.filename)}:{w.lineno}" for w in said
                    if issubclass(w.category, torch.jit.TracerWarning)
                    and "nflow_export" not in w.filename})
    return torch.jit.freeze(traced.eval(), preserved_attrs=["forward", "inverse"]), hints


@contextlib.contextmanager
def _zeros_for_empty():
    """A model file may not read memory that nothing was written to; zuko merges into such."""
    places = ((torch, "empty", torch.zeros), (torch, "empty_like", torch.zeros_like),
              (torch.Tensor, "new_empty", torch.Tensor.new_zeros))
    before = [getattr(owner, name) for owner, name, _ in places]
    try:
        for owner, name, zeros in places:
            setattr(owner, name, zeros)
        yield
    finally:
        for (owner, name, _), original in zip(places, before):
            setattr(owner, name, original)


def _compare(traced, contract, method, points, tau, hints):
    where = f" (look at {', '.join(hints)})" if hints else ""
    advice = (f"{where}: what depends on Python numbers, as len(x) does, is fixed in a trace; use "
              "x.shape[0] and torch.where")
    wanted = _call(contract, method, points, tau)
    try:
        given = getattr(traced, method)(points, tau)
    except Exception as e:
        raise ValueError(f"nflow_export: the trace of {method} fails for {len(points)} points, for "
                         f"which the flow does not ({_first_line(e)}){advice}") from e
    for a, b in zip(given, wanted):
        _require(a.shape == b.shape and a.dtype == b.dtype and _close(a, b, points.dtype),
                 f"the trace of {method} gives something else than the flow for {len(points)} "
                 f"points{advice}")


def _close(a, b, dtype):
    """`dtype` is that of the flow's arithmetic: log_det is float64 in any case."""
    tolerance = 1e-8 if dtype == torch.float64 else 1e-4
    return torch.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


def _write(traced, metadata, path, check):
    path, draft = os.fspath(path), os.fspath(path) + ".part"
    try:
        torch.jit.save(traced, draft)
        text = _text(metadata, _digest(draft, _text(metadata, "")))
        torch.jit.save(traced, draft, _extra_files={"nflow.json": text})
        program = shutil.which(check) if check else None
        if check and not program:
            warnings.warn(f"nflow_export: there is no program {check} here: run nflow-check {path} "
                          "where lammps-nflow is")
        if program:
            done = subprocess.run([program, draft], capture_output=True, text=True)
            _require(done.returncode == 0, "nflow-check refuses the file: "
                     + done.stderr.strip().replace(draft, path))
        os.replace(draft, path)
    finally:
        if os.path.exists(draft):
            os.remove(draft)


def _text(metadata, digest):
    return json.dumps({**metadata, "archive_digest": digest}, ensure_ascii=False)


def _digest(archive, metadata):
    """FNV-1a of all that makes the module and of the metadata, as docs/model-contract.md says."""
    value = 1469598103934665603
    with zipfile.ZipFile(archive) as file:
        records = {}
        for name in file.namelist():
            record = name.split("/", 1)[1]
            if (record in ("data.pkl", "constants.pkl") or record.startswith(("data/", "constants/"))
                    or (record.startswith("code/") and record.endswith(".py"))):
                records[record] = file.read(name)
    texts = [text for name in sorted(records) for text in (name.encode(), records[name])]
    texts.append(metadata.encode())
    for text in texts:
        for byte in len(text).to_bytes(8, "little") + text:
            value = ((value ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return f"fnv1a64:{value:016x}"


def dump(samples, path, *, dim, box=None, periodic=False, types=None, units=None):
    """Writes configurations [frames, n_atoms, dim] or [frames, n_atoms * dim] as a LAMMPS dump.

    box: `dim` lengths around the origin; None: room for all samples. Raises ValueError."""
    x = torch.as_tensor(samples, dtype=torch.float64)
    _require(x.dim() >= 2 and x[0].numel() % dim == 0,
             f"samples of shape {list(x.shape)} are no configurations of {dim} components an atom: "
             "give [frames, n_atoms * dim]")
    x = x.reshape(len(x), -1, dim)
    _require(bool(torch.isfinite(x).all()), "samples have NaN or infinity: leave these frames out")
    half = [length / 2 for length in box] if box else [float(x.abs().max()) + 1.0] * dim
    _require(len(half) == dim, f"box must be {dim} lengths: correct it")
    half += [half[0]] * (3 - dim)
    types = types or [1] * x.shape[1]
    _require(len(types) == x.shape[1], f"types must be {x.shape[1]} numbers: correct them")
    sides = "".join(f"{-h:.16e} {h:.16e}\n" for h in half)
    bounds = " ".join(["pp" if periodic else "ff"] * 3)
    with open(path, "w") as file:
        for step, frame in enumerate(x.tolist()):
            if units:
                file.write(f"ITEM: UNITS\n{units}\n")
            file.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(frame)}\n"
                       f"ITEM: BOX BOUNDS {bounds}\n{sides}ITEM: ATOMS id type x y z\n")
            for i, place in enumerate(frame):
                place = " ".join(f"{number:.12g}" for number in place + [0.0] * (3 - dim))
                file.write(f"{i + 1} {types[i]} {place}\n")


def main():
    parser = argparse.ArgumentParser(description="Samples that Python has as a LAMMPS dump")
    parser.add_argument("samples", help="file of numpy, .npz or .npy: [frames, n_atoms (*) dim]")
    parser.add_argument("dump", help="dump to write")
    parser.add_argument("--key", help="array of the .npz, where it has several")
    parser.add_argument("--dim", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--box", type=float, nargs="+", help="lengths, around the origin")
    parser.add_argument("--periodic", action="store_true")
    parser.add_argument("--types", type=int, nargs="+", help="LAMMPS type of each atom")
    parser.add_argument("--units", help="unit style of LAMMPS")
    given = parser.parse_args()
    try:
        import numpy
        arrays = numpy.load(given.samples)
        if hasattr(arrays, "files"):
            key = given.key or (arrays.files[0] if len(arrays.files) == 1 else None)
            _require(key in arrays.files, f"file '{given.samples}' has the arrays "
                     f"{', '.join(arrays.files)}: choose one with --key")
            arrays = arrays[key]
        dump(arrays, given.dump, dim=given.dim, box=given.box, periodic=given.periodic,
             types=given.types, units=given.units)
    except (ImportError, OSError, ValueError) as e:
        parser.exit(2, f"{_first_line(e)}\n")


if __name__ == "__main__":
    main()
