// The operator torch.ops.nflow.kick_drift: against the same map in plain TorchScript and finite
// differences, cells against all pairs, float32, masks; and the flow that is made of it: its
// symmetries, inverse, log-det.
#include "architectures/flow_builder.h"
#include "base/error.h"
#include "model/archive.h"
#include "model/checks.h"
#include "operators/operators.h"
#include "unit/kick_drift_case.h"

#include <gtest/gtest.h>
#include <torch/jit.h>
#include <torch/script.h>

#include <cmath>

namespace {

using namespace nflow::tests;
using torch::Tensor;

/// Every pair, every B-spline, nothing clever.
const char *reference_source = R"(
def pair_index(count: int) -> Tensor:
    index = torch.zeros([count, count]).long()
    number = 0
    for a in range(count):
        for b in range(a, count):
            index[a, b] = number
            index[b, a] = number
            number += 1
    return index

def spline(y: Tensor, c: Tensor, cutoff: float) -> Tensor:
    size = c.size(2)
    first = 1.0 / cutoff
    t = (y.clamp(max=1.45) - first) * (size / (1.45 - first))
    total = torch.zeros_like(y)
    for m in range(size):
        z = t - m
        b = torch.relu(z) ** 3 - 4.0 * torch.relu(z - 1.0) ** 3 + 6.0 * torch.relu(z - 2.0) ** 3
        b = b - 4.0 * torch.relu(z - 3.0) ** 3 + torch.relu(z - 4.0) ** 3
        total = total + c[:, :, m] * b / 6.0
    return total

def force(x: Tensor, strength: Tensor, c: Tensor, species: Tensor, box: Tensor, sigma: Tensor, epsilon: Tensor,
          cutoff: float) -> Tensor:
    n = species.size(0)
    pairs = pair_index(sigma.size(0))[species][:, species]
    s = sigma[species][:, species]
    e = epsilon[species][:, species]
    d = x.unsqueeze(2) - x.unsqueeze(1)
    d = d - box * torch.round(d / box)
    r = (d.square().sum(3) + torch.eye(n, dtype=x.dtype)).sqrt()
    inside = (r < cutoff * s).logical_and(torch.eye(n) == 0)
    y = s / r
    l = y.clamp(max=4.0 / 3.0)
    c4 = 6.0 * cutoff ** -10 - 21.0 * cutoff ** -16
    c2 = 6.0 * cutoff ** -14 - 3.0 * cutoff ** -8 - 2.0 * c4 * cutoff ** 2
    f = strength[pairs] * 4.0 * e / s * (12.0 * l ** 13 - 6.0 * l ** 7 - 2.0 * c2 / l - 4.0 * c4 / l ** 3)
    f = f + spline(y, c[pairs], cutoff)
    f = torch.where(inside, f / r, torch.zeros_like(f))
    return (f.unsqueeze(3) * d).sum(2)

def kick_drift(u: Tensor, weights: Tensor, tau: Tensor, layers: int, spline_size: int, step: float, kick: float,
               spline_unit: float, species: Tensor, box: Tensor, sigma: Tensor, epsilon: Tensor, cutoff: float,
               mask: Tensor, inverse: bool) -> Tuple[Tensor, Tensor]:
    count = sigma.size(0)
    pairs = count * (count + 1) // 2
    sizes = [layers * count, layers * count, count, count, layers * pairs, layers * pairs * spline_size]
    w = torch.split_with_sizes(weights, sizes)
    fall = torch.log(tau[1] / tau[0])
    root = torch.sqrt(tau[0])
    k = torch.exp(fall * w[0]).view(layers, count)
    s = (step * root * torch.exp(w[1])).view(layers, count)
    first = step * root * torch.exp(w[2])
    last = torch.exp(fall * w[3])
    strength = (kick / root * (1.0 + w[4])).view(layers, pairs)
    c = (kick / root * spline_unit * w[5]).view(layers, pairs, spline_size)
    x, p = u.unbind(1)
    moving = torch.ones_like(x[:, :, 0])
    if mask.numel() > 0:
        moving = mask.to(x.dtype)
    log_det = (moving * (fall * (w[0].view(layers, count).sum(0) + w[3]))[species]).sum(1) * x.size(2)
    if inverse:
        log_det = -log_det
    m = torch.ones_like(x)
    if mask.numel() > 0:
        m = mask.to(x.dtype).unsqueeze(2).expand_as(x)
    if inverse:
        p = p / (last[species].unsqueeze(1) * m + 1.0 - m)
        for i in range(layers):
            l = layers - 1 - i
            x = x - m * s[l][species].unsqueeze(1) * p
            f = force(x, strength[l], c[l], species, box, sigma, epsilon, cutoff)
            p = (p - m * f) / (k[l][species].unsqueeze(1) * m + 1.0 - m)
        x = x - m * first[species].unsqueeze(1) * p
    else:
        x = x + m * first[species].unsqueeze(1) * p
        for l in range(layers):
            f = force(x, strength[l], c[l], species, box, sigma, epsilon, cutoff)
            p = (k[l][species].unsqueeze(1) * m + 1.0 - m) * p + m * f
            x = x + m * s[l][species].unsqueeze(1) * p
        p = p * (last[species].unsqueeze(1) * m + 1.0 - m)
    return torch.stack((x, p), 1), log_det
)";

Mapped call_reference(const KickDriftCase &a, bool inverse) {
  static const auto unit = torch::jit::compile(reference_source);
  return unpack(unit->get_function("kick_drift")(a.stack(inverse)));
}

void compare_with_reference(KickDriftCase a) {
  ASSERT_FALSE(nflow::operator_names().empty());
  for (const bool inverse : {false, true}) {
    for (auto &t : a.differentiable) t = t.detach().requires_grad_(true);
    const auto ours = call_operator(a, inverse), theirs = call_reference(a, inverse);
    EXPECT_LT(relative(ours.points, theirs.points), 1e-11) << "inverse " << inverse;
    EXPECT_LT(relative(ours.log_det, theirs.log_det), 1e-12) << "inverse " << inverse;
    const auto weight = uniform(ours.points.sizes(), 12, -1.0, 1.0);
    const auto of_log_det = uniform(ours.log_det.sizes(), 13, -1.0, 1.0);
    const auto sum = [&](const Mapped &m) {
      return (m.points * weight).sum() + (m.log_det * of_log_det).sum();
    };
    const auto g = torch::autograd::grad({sum(ours)}, a.differentiable);
    const auto wanted = torch::autograd::grad({sum(theirs)}, a.differentiable);
    EXPECT_LT(relative(g[0], wanted[0]), 1e-11) << "points, inverse " << inverse;
    const nflow::operators::KickDriftLayout layout{a.layers, 3, a.spline_size};
    const int64_t ends[] = {0,
                            layout.drift(),
                            layout.first_drift(),
                            layout.last_scale(),
                            layout.strength(),
                            layout.splines(),
                            layout.size()};
    for (int kind = 0; kind < 6; kind++)
      EXPECT_LT(relative(g[1].slice(0, ends[kind], ends[kind + 1]),
                         wanted[1].slice(0, ends[kind], ends[kind + 1])),
                1e-11)
          << "weights of kind " << kind << ", inverse " << inverse;
    KickDriftCase back = a;
    back.differentiable[0] = ours.points.detach();
    const torch::NoGradGuard no_gradient;
    EXPECT_LT(relative(call_operator(back, !inverse).points, a.differentiable[0]), 1e-12);
  }
}

TEST(Operator, EqualsTheReferenceIn2D) {
  compare_with_reference(KickDriftCase(43, 2, 6.2));
  compare_with_reference(KickDriftCase(43, 2, 6.2).masked());
}
TEST(Operator, EqualsTheReferenceIn3D) {
  compare_with_reference(KickDriftCase(60, 3, 5.1));
}
TEST(Operator, CellsEqualTheReference) { // above 200 atoms, four cells along each edge
  compare_with_reference(KickDriftCase(300, 3, 10.5));
  compare_with_reference(KickDriftCase(260, 2, 15.0).masked());
}

TEST(Operator, OverlapsAndTheBoxEdge) {
  // Atoms nearer than the cap of either part, at the edge of the box, and at the cutoff's distance.
  KickDriftCase a(6, 2, 5.2);
  auto x = a.differentiable[0].select(1, 0).select(0, 0);
  const double places[6][2] = {{0.0, 0.0},   {0.3, 0.0}, {5.2, 2.6},
                               {-1e-9, 2.0}, {2.5, 0.0}, {2.4999999, 5.1999999}};
  for (int i = 0; i < 6; i++)
    for (int k = 0; k < 2; k++) x[i][k] = places[i][k];
  compare_with_reference(a);
}

TEST(Operator, GradientEqualsFiniteDifferences) {
  KickDriftCase a(12, 2, 5.0, 5, 1);
  for (const bool inverse : {false, true}) {
    for (auto &t : a.differentiable) t = t.detach().requires_grad_(true);
    const auto out = call_operator(a, inverse);
    const auto weight = uniform(out.points.sizes(), 12, -1.0, 1.0);
    const auto sum = [&](const Mapped &m) { return (m.points * weight).sum() + m.log_det.sum(); };
    const auto g = torch::autograd::grad({sum(out)}, a.differentiable);
    const torch::NoGradGuard no_gradient;
    const double step = 1e-6;
    for (size_t i = 0; i < g.size(); i++) {
      const auto flat = a.differentiable[i].flatten();
      for (int64_t k = 0; k < flat.numel(); k += 1 + flat.numel() / 23) {
        double value[2];
        for (const int side : {0, 1}) {
          KickDriftCase moved = a;
          auto shifted = flat.clone();
          shifted[k] += side ? step : -step;
          moved.differentiable[i] = shifted.view(a.differentiable[i].sizes());
          value[side] = sum(call_operator(moved, inverse)).item<double>();
        }
        const double wanted = g[i].flatten()[k].item<double>();
        EXPECT_NEAR((value[1] - value[0]) / (2.0 * step), wanted, 1e-6 * (1.0 + std::fabs(wanted)))
            << "argument " << i << " number " << k;
      }
    }
  }
}

TEST(Operator, Float32) {
  KickDriftCase a(43, 2, 6.2, 16, 2, 0.1);
  a.differentiable[0].select(1, 0).remainder_(6.2);
  const auto wide = call_operator(a, false);
  a.differentiable[0] = a.differentiable[0].to(torch::kFloat32);
  const auto narrow = call_operator(a, false);
  ASSERT_EQ(narrow.points.scalar_type(), torch::kFloat32);
  ASSERT_EQ(narrow.log_det.scalar_type(), torch::kFloat64);
  EXPECT_LT((narrow.points.to(torch::kFloat64) - wide.points).abs().max().item<double>(), 1e-3);
}

TEST(Operator, RefusesWhatDoesNotFit) {
  const auto message = [](const KickDriftCase &a) {
    try {
      call_operator(a, false);
    } catch (const c10::Error &e) {
      return std::string(e.what_without_backtrace());
    }
    return std::string();
  };
  KickDriftCase a(10, 2, 5.2);
  a.cutoff = 3.0;
  EXPECT_NE(message(a).find("half the box"), std::string::npos);
  a = KickDriftCase(10, 2, 5.2);
  a.species[3] = 3;
  EXPECT_NE(message(a).find("species"), std::string::npos);
  a = KickDriftCase(10, 2, 5.2);
  a.layers = 4;
  EXPECT_FALSE(message(a).empty());
}

nflow::FlowSetting ka(int64_t n, bool ladder, const std::string &dtype = "float64") {
  nflow::FlowSetting o;
  o.architecture = "kick-drift";
  o.n_atoms = n;
  o.dim = 2;
  for (int64_t i = 0; i < n; i++) o.types.push_back(1 + static_cast<int>(i % 3));
  o.box = {6.0, 6.3};
  o.temperatures = {0.6, 0.4};
  if (ladder) o.temperatures = {1.0, 0.7, 0.5, 0.4};
  o.set("layers", 4);
  o.set("sigma", std::vector<double>{1.0, 0.8, 0.9, 0.8, 0.88, 0.8, 0.9, 0.8, 0.94});
  o.set("epsilon", std::vector<double>{1.0, 1.5, 0.75, 1.5, 0.5, 1.5, 0.75, 1.5, 0.75});
  o.dtype = dtype;
  return o;
}

/// A flow whose weights are no longer those it starts with.
torch::jit::Module trained(const nflow::FlowSetting &options) {
  auto flow = nflow::build_flow(options);
  auto weights = flow.attr("weights").toTensor().detach();
  weights += 0.3 * uniform(weights.sizes(), 20, -1.0, 1.0).to(weights.scalar_type());
  return flow;
}

Mapped run(torch::jit::Module flow, const char *method, const Tensor &points, double tau0,
           double tau1, const Tensor &mask = {}) {
  std::vector<c10::IValue> in{points, torch::tensor({tau0, tau1}, torch::kFloat64)};
  if (mask.defined()) in.emplace_back(mask);
  return unpack(flow.get_method(method)(in));
}

Tensor liquid(int64_t n, const std::vector<double> &box, int64_t batch = 2) {
  const auto side = static_cast<int64_t>(std::ceil(std::sqrt(n)));
  auto x = uniform({batch, n, 2}, 30, 0.0, 0.4);
  for (int64_t i = 0; i < n; i++) {
    x.select(1, i).select(1, 0) += static_cast<double>(i % side);
    x.select(1, i).select(1, 1) += static_cast<double>(i / side);
  }
  x = x * torch::tensor({box[0] / side, box[1] / side}, torch::kFloat64);
  return torch::stack({x, uniform({batch, n, 2}, 31, -1.5, 1.5)}, 1);
}

TEST(KickDrift, InverseAndLogDetAgainstAutograd) {
  for (const bool ladder : {false, true}) {
    const auto o = ka(7, ladder);
    auto flow = trained(o);
    const auto u = liquid(7, o.box, 1);
    const auto there = run(flow, "forward", u, 0.6, 0.45);
    const auto back = run(flow, "inverse", there.points, 0.6, 0.45);
    EXPECT_LT((back.points - u).abs().max().item<double>(), 1e-12);
    EXPECT_LT((back.log_det + there.log_det).abs().max().item<double>(), 1e-12);
    const auto jacobian = torch::empty({28, 28}, torch::kFloat64);
    for (int64_t i = 0; i < 28; i++) {
      const auto x = u.clone().requires_grad_(true);
      const auto v = run(flow, "forward", x, 0.6, 0.45).points.flatten();
      jacobian[i] = torch::autograd::grad({v[i]}, {x})[0].flatten();
    }
    EXPECT_NEAR(std::get<1>(torch::linalg_slogdet(jacobian)).item<double>(),
                there.log_det[0].item<double>(), 1e-10);
  }
}

TEST(KickDrift, Symmetries) {
  const auto o = ka(24, false);
  auto flow = trained(o);
  const torch::NoGradGuard no_gradient;
  const auto u = liquid(24, {6.0, 6.0});
  auto square = o;
  square.box = {6.0, 6.0};
  flow = trained(square);
  const auto v = run(flow, "forward", u, 0.6, 0.4).points;
  const auto difference = [](const Tensor &a, const Tensor &b) {
    return (a - b).abs().max().item<double>();
  };
  // Two atoms of one species change places.
  const auto order = torch::arange(24);
  order[3] = 9;
  order[9] = 3;
  EXPECT_LT(difference(run(flow, "forward", u.index_select(2, order), 0.6, 0.4).points,
                       v.index_select(2, order)),
            1e-12);
  // Translation, images, reflection, rotation by a right angle.
  const auto shift = torch::tensor({0.7, -13.1}, torch::kFloat64);
  auto moved = u.clone();
  moved.select(1, 0) += shift;
  auto result = run(flow, "forward", moved, 0.6, 0.4).points.clone();
  result.select(1, 0) -= shift;
  EXPECT_LT(difference(result, v), 1e-12);
  const auto mirror = torch::tensor({-1.0, 1.0}, torch::kFloat64);
  EXPECT_LT(difference(run(flow, "forward", u * mirror, 0.6, 0.4).points, v * mirror), 1e-12);
  const auto turned = torch::stack({-u.select(3, 1), u.select(3, 0)}, 3);
  EXPECT_LT(difference(run(flow, "forward", turned, 0.6, 0.4).points,
                       torch::stack({-v.select(3, 1), v.select(3, 0)}, 3)),
            1e-12);
}

TEST(KickDrift, MaskedMovesTheMobileAlone) {
  const auto o = ka(24, false);
  auto flow = trained(o);
  const torch::NoGradGuard no_gradient;
  const auto u = liquid(24, o.box);
  const auto mask = uniform({2, 24}, 40, 0.0, 1.0) < 0.3;
  const auto v = run(flow, "forward_masked", u, 0.6, 0.4, mask);
  const auto frozen = mask.logical_not().unsqueeze(1).unsqueeze(3).expand_as(u);
  EXPECT_TRUE(torch::equal(v.points.masked_select(frozen), u.masked_select(frozen)));
  EXPECT_GT((v.points - u).abs().max().item<double>(), 0.01);
  const auto back = run(flow, "inverse_masked", v.points, 0.6, 0.4, mask);
  EXPECT_LT((back.points - u).abs().max().item<double>(), 1e-12);
  EXPECT_LT((back.log_det + v.log_det).abs().max().item<double>(), 1e-12);
  // With all atoms it is the whole map.
  const auto whole = run(flow, "forward_masked", u, 0.6, 0.4, torch::ones({2, 24}, torch::kBool));
  const auto plain = run(flow, "forward", u, 0.6, 0.4);
  EXPECT_LT((whole.points - plain.points).abs().max().item<double>(), 1e-12);
  EXPECT_LT((whole.log_det - plain.log_det).abs().max().item<double>(), 1e-12);
}

TEST(KickDrift, IsAContractModel) {
  for (const std::string dtype : {"float64", "float32"}) {
    const auto o = ka(12, false, dtype);
    auto flow = trained(o);
    for (auto parameter : flow.parameters()) parameter.set_requires_grad(false);
    const auto metadata = nflow::flow_metadata(o);
    nflow::save_archive(flow, metadata, "kick_drift.pt");
    nflow::Model model("kick_drift.pt", "cpu");
    const auto report = nflow::check_flow(model, 0.6, 0.4);
    EXPECT_GE(report.jacobian, 0.0);
  }
  auto metadata = nflow::flow_metadata(ka(12, false));
  metadata.operators = {"kick_drift", "warp"};
  auto flow = nflow::build_flow(ka(12, false));
  nflow::save_archive(flow, metadata, "warp.pt");
  try {
    nflow::Model model("warp.pt", "cpu");
    FAIL() << "an unknown operator was not refused";
  } catch (const nflow::Error &e) {
    EXPECT_NE(std::string(e.what()).find("calls the operator warp"), std::string::npos);
  }
}

/// LibTorch words an error with the names of functions that freezing deleted: the second model
/// ended the process.
TEST(KickDrift, EveryModelWordsItsErrors) {
  const auto o = ka(12, false);
  for (int i = 0; i < 4; i++) {
    const torch::NoGradGuard no_gradients;
    auto flow = nflow::build_flow(o);
    flow.attr("box").toTensor().mul_(0.01);
    nflow::save_archive(flow, nflow::flow_metadata(o), "small.pt");
    nflow::Model model("small.pt", "cpu");
    try {
      nflow::check_flow(model, 0.6, 0.4);
      FAIL() << "not refused";
    } catch (const nflow::Error &e) {
      EXPECT_NE(std::string(e.what()).find("the cutoff is beyond half the box"), std::string::npos);
    }
  }
}

TEST(KickDrift, WrongOptionsGetASentence) {
  const auto refused = [](nflow::FlowSetting o, const char *wanted) {
    try {
      nflow::build_flow(o);
      FAIL() << "not refused: " << wanted;
    } catch (const nflow::Error &e) {
      EXPECT_NE(std::string(e.what()).find(wanted), std::string::npos) << e.what();
    }
  };
  auto o = ka(12, false);
  o.set("cutoff", 3.1);
  refused(o, "beyond half the box");
  o = ka(12, false);
  o.temperatures = {0.5, 0.5};
  refused(o, "must differ");
  o = ka(12, false);
  o.set("layers", 0);
  refused(o, "--layers");
  o = ka(12, false);
  o.box.clear();
  refused(o, "periodic box");
  o = ka(12, false);
  o.set("sigma", std::vector<double>(8, 1.0));
  refused(o, "sigma and epsilon");
}

} // namespace
