"""python/nflow_export.py with small flows in the style of each library, and what it refuses.

    python3 test_export.py SOURCE NFLOW_CHECK [NFLOW_REFERENCE LMP PLUGIN]

exits with 77 where there is no torch."""
import os
import re
import subprocess
import sys
import unittest
import zipfile

try:
    import torch
except ImportError:
    sys.exit(77)

SOURCE, CHECK, REFERENCE, LMP, PLUGIN = (sys.argv[1:] + 3 * [""])[:5]
sys.path[:0] = [SOURCE + "/python", SOURCE + "/tests/python"]
import nflow_export  # noqa: E402
import small_flows  # noqa: E402

STYLES = ("bgflow", "normflows", "zuko", "nflows")


def save(flow, path="model.pt", **options):
    options = {"n_atoms": 5, "dim": 1, "check": CHECK, **options}
    nflow_export.save(flow, path, **options)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


class Scale(torch.nn.Module):
    """x = 1.5 z, as a pair of methods."""

    def __init__(self):
        super().__init__()
        self.log_scale = torch.nn.Parameter(torch.full((5,), 0.405))

    def there(self, z):
        return z * torch.exp(self.log_scale), self.log_scale.sum().expand(z.shape[0])

    def back(self, x):
        return x * torch.exp(-self.log_scale), -self.log_scale.sum().expand(x.shape[0])


class Export(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def test_every_style_is_sound(self):
        for style in STYLES:
            for dtype in ("float64", "float32"):
                flow = getattr(small_flows, style)(5)
                before = [p.clone() for p in flow.parameters()]
                save(flow, f"{style}.pt", dtype=dtype, temperature=[1.0, 0.5])
                again = run(CHECK, f"{style}.pt")
                self.assertEqual(again.returncode, 0, again.stderr)
                self.assertIn("the flow is sound", again.stdout)
                for a, b in zip(before, flow.parameters()):  # which stays as it is
                    self.assertTrue(b.requires_grad and a.dtype == b.dtype and torch.equal(a, b))
        self.assertIs(torch.get_default_dtype(), torch.float32)

    def test_density_is_that_of_the_library(self):
        """x and its log-det at tau, from z = u / sqrt(tau), and through the base of normflows."""
        flow = small_flows.normflows(5).double()
        save(flow)
        model = torch.jit.load("model.pt")
        tau = torch.tensor([0.3, 0.3], dtype=torch.float64)
        u = torch.randn(4, 1, 5, 1, dtype=torch.float64)
        x, log_det = model.forward(u, tau)
        z, back = x.flatten(1), 0.0
        for step in reversed(list(flow.flows)):
            z, one = step.inverse(z)
            back = back + one
        log_q = flow.q0.log_prob(z) + back
        latent = torch.distributions.Normal(0.0, torch.sqrt(tau[0]))
        self.assertTrue(torch.allclose(log_q, latent.log_prob(u).flatten(1).sum(1) - log_det))

    def test_pairs_and_boltzmann_priors(self):
        pair = Scale()
        save((pair.there, pair.back))
        save((lambda z: (2.0 * z, torch.full_like(z[:, 0], 5 * 0.6931471805599453)),
              lambda x: (0.5 * x, torch.full_like(x[:, 0], -5 * 0.6931471805599453))))
        save((pair.there, pair.back), prior="boltzmann", temperature=(1.0, 0.5),
             example=[40.0, 41.0, 42.5, 43.0, 44.5])
        model = torch.jit.load("model.pt")
        u = torch.ones(2, 1, 5, 1, dtype=torch.float64)
        v, _ = model.forward(u, torch.tensor([1.0, 0.5], dtype=torch.float64))
        self.assertTrue(torch.allclose(v, u * pair.log_scale.double().exp().view(5, 1)))

    def test_the_digest_does_not_depend_on_who_prints_numbers(self):
        """Such are printed in another way by the JSON of C++."""
        pair = Scale()
        save((pair.there, pair.back), prior="boltzmann", temperature=(1.0, 0.5),
             example=[-1.052463335, -0.2423283408, -1.213523193, 2.7089004516601562, 1e-5])
        with zipfile.ZipFile("model.pt") as file, zipfile.ZipFile("changed.pt", "w") as changed:
            for name in file.namelist():
                data = file.read(name)
                if name.endswith("nflow.json"):
                    self.assertIn(b"-1.052463335", data)
                    data = data.replace(b"-1.052463335", b"-1.052463336")
                changed.writestr(name, data)
        refused = run(CHECK, "changed.pt")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("the digest differs", refused.stderr)

    def refused(self, part, flow, **options):
        with self.assertRaises(ValueError) as caught:
            save(flow, "wrong.pt", **options)
        text = str(caught.exception)
        self.assertIn(part, text)
        self.assertNotIn("\n", text)
        self.assertIn(":", text)
        with self.assertRaises(FileNotFoundError):
            open("wrong.pt")

    def test_wrong_uses_are_refused(self):
        scale = Scale()
        pair = (scale.there, scale.back)
        self.refused("shape", small_flows.zuko(5), n_atoms=4)
        self.refused("no flow that is known", torch.nn.Linear(5, 5))
        self.refused("two functions", (scale.there,))
        self.refused("prior 'normal'", pair, prior="normal")
        self.refused("temperature must be", pair, prior="boltzmann")
        self.refused("needs example", pair, prior="boltzmann", temperature=(1.0, 0.5))
        self.refused("example has 4 numbers", pair, prior="boltzmann", temperature=(1.0, 0.5),
                     example=[1.0, 2.0, 3.0, 4.0])
        self.refused("dtype 'half'", pair, dtype="half")
        self.refused("units 'imperial'", pair, units="imperial")
        self.refused("log_det", (lambda z: (z, z), lambda x: (x, x)))
        zeros = lambda z: torch.zeros(z.shape[0])
        self.refused("when it is called again", (lambda z: (z + torch.rand(5), zeros(z)),
                                                 lambda x: (x, zeros(x))))
        self.refused("test_export.py:", (lambda z: (z + torch.arange(5.0) * len(z), zeros(z)),
                                         lambda x: (x - torch.arange(5.0) * len(x), zeros(x))))
        self.refused("log_det", (lambda z: (2.0 * z, zeros(z)), lambda x: (0.5 * x, zeros(x))))
        self.refused("does not undo", (lambda z: (z, zeros(z)), lambda x: (x + 1.0, zeros(x))))
        # A spline without tails.
        self.refused("NaN or infinity", (lambda z: (torch.asin(z / 5.0), zeros(z)),
                                         lambda x: (5.0 * torch.sin(x), zeros(x))))
        base = small_flows.bgflow(5)
        base.prior.cubic = 0.1
        self.refused("base of the flow", base)
        untrained = small_flows.NfNormalizingFlow(small_flows.NfDiagGaussian(5),
                                                  [small_flows.NfActNorm(5, done=0.0)])
        self.refused("changes its own buffers", untrained)


class Dump(unittest.TestCase):
    def test_npz_becomes_a_dump(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("no numpy")
        numpy.savez("samples.npz", x=numpy.arange(20.0).reshape(2, 10), other=numpy.zeros(3))
        module = SOURCE + "/python/nflow_export.py"
        several = run(sys.executable, module, "samples.npz", "samples.dump", "--dim", "2")
        self.assertEqual(several.returncode, 2)
        self.assertIn("choose one with --key", several.stderr)
        done = run(sys.executable, module, "samples.npz", "samples.dump", "--key", "x", "--dim", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open("samples.dump") as file:
            lines = file.read().split("\n")
        self.assertEqual(lines[8], "ITEM: ATOMS id type x y z")
        self.assertEqual(lines[9:11], ["1 1 0 1 0", "2 1 2 3 0"])


@unittest.skipUnless(LMP, "no LAMMPS")
class MultiWell(unittest.TestCase):
    """The whole way: exact samples, a flow that is trained on them, LAMMPS, the exact values."""

    def test_statistics_are_exact(self):
        torch.manual_seed(2)
        self.assertEqual(run(REFERENCE, "multiwell", "--dim", "5", "--output", "well.pt").returncode, 0)
        sampled = run(REFERENCE, "sample", "--temperature", "1", "--count", "4000", "--output",
                      "exact.dump", "well.pt")
        self.assertEqual(sampled.returncode, 0, sampled.stderr)
        flow = small_flows.zuko(5)
        self.train(flow, self.read("exact.dump"))
        save(flow)
        done = run(LMP, "-in", SOURCE + "/examples/multiwell/in.mc", "-log", "log.mc", "-screen", "none",
                   *(word for name, value in {
                       "plugin": PLUGIN, "energy": "well.pt", "model": "model.pt", "n": 5,
                       "steps": 1000, "attempts": 5, "output": "mc.dump", "summary": "mc.csv",
                   }.items() for word in ("-var", name, str(value))))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        compared = run(REFERENCE, "compare", "--energy", "well.pt", "--temperature", "1", "--dump",
                       "mc.dump")
        self.assertEqual(compared.returncode, 0, compared.stdout + compared.stderr)
        with open("mc.csv") as file:
            names, values = (line.strip().split(",") for line in file)
        self.assertGreater(float(dict(zip(names, values))["independence"]), 0.1)

    def test_the_last_example_of_the_page(self):
        """Word for word, but for the length of its run; the others need their libraries."""
        with open(SOURCE + "/docs/python.md") as file:
            page = file.read().split("## Three examples")[1].split("## What goes wrong")[0]
        for arguments in (("multiwell", "--dim", "5", "--output", "well.pt"),
                          ("sample", "--count", "2000", "--output", "samples.dump", "well.pt"),
                          ("sample", "--temperature", "1.5", "--count", "20000", "--seed", "2",
                           "--output", "hot.dump", "well.pt")):
            self.assertIn("nflow-reference " + arguments[0], page)
            self.assertEqual(run(REFERENCE, *arguments).returncode, 0)
        blocks = re.findall(r"```python\n(.*?)```", page, re.S)
        with open("page.py", "w") as file:
            file.write(blocks[0] + "torch.manual_seed(3)\n" + blocks[-1])
        path = os.pathsep.join((os.path.dirname(CHECK), os.environ["PATH"]))
        made = subprocess.run([sys.executable, "page.py"], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": SOURCE + "/python", "PATH": path})
        self.assertEqual(made.returncode, 0, made.stderr)
        script = re.search(r"( {4}plugin +load.*?)\n\n", page + "\n", re.S).group(1)
        with open("in.excursion", "w") as file:
            file.write(script.replace("nflowplugin.so", PLUGIN).replace("run         4000", "run 1500"))
        done = run(LMP, "-in", "in.excursion", "-log", "log.excursion", "-screen", "none")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        compared = run(REFERENCE, "compare", "--energy", "well.pt", "--temperature", "1", "--dump",
                       "mc.dump.gz")
        self.assertEqual(compared.returncode, 0, compared.stdout + compared.stderr)

    @staticmethod
    def read(path):
        rows, reading = [], False
        with open(path) as file:
            for line in file:
                if line.startswith("ITEM:"):
                    reading = line.startswith("ITEM: ATOMS")
                elif reading:
                    rows.append(float(line.split()[2]))
        return torch.tensor(rows).view(-1, 5)

    @staticmethod
    def train(flow, samples):
        optimizer = torch.optim.Adam(flow.parameters(), 5e-3)
        for _ in range(600):
            x = samples[torch.randint(len(samples), (256,))]
            distribution = flow()
            z, ladj = distribution.transform.call_and_ladj(x)
            loss = -(distribution.base.log_prob(z) + ladj).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
