#include "model/drawn_samples.h"

#include "base/error.h"
#include "base/random.h"
#include "files/dump_writer.h"
#include "files/output_file.h"
#include "model/checks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nflow {

namespace {

constexpr int64_t batch_size = 256;

/// Points of the prior, each of a stream of its own.
std::vector<double> prior_batch(const Metadata &metadata, double tau, uint32_t seed, int64_t first,
                                int64_t count) {
  std::vector<double> points(count * metadata.size());
  for (int64_t i = 0; i < count; i++) {
    double *point = &points[i * metadata.size()];
    RandomStream(seed, 0, first + i, Purpose::sample)
        .fill_gaussian(point, metadata.size(), std::sqrt(tau));
    std::copy(metadata.carried.begin(), metadata.carried.end(), point);
  }
  return points;
}

/// The shape of a dump of the flow's configurations, in a box that holds these.
Samples shape_of(const Metadata &metadata, const std::vector<double> &points) {
  Samples shape;
  shape.n_atoms = metadata.n_atoms;
  shape.dim = metadata.dim;
  shape.units = metadata.units;
  shape.ids.resize(metadata.n_atoms);
  std::iota(shape.ids.begin(), shape.ids.end(), 1);
  shape.types = metadata.types.value_or(std::vector<int>(metadata.n_atoms, 1));
  double reach = 1.0;
  for (const double number : points) reach = std::max(reach, std::fabs(number));
  shape.box.assign(3, 2.0 * reach);
  return shape;
}

} // namespace

int64_t write_drawn_samples(Model &model, double tau, int64_t count, uint32_t seed,
                            const std::string &file) {
  const Metadata &metadata = model.metadata();
  require(metadata.prior == Prior::gaussian,
          "model file '" + model.file() +
              "' maps configurations of another temperature, which a flow cannot draw: --draw is "
              "for a gaussian prior");
  require_writable(file);
  std::vector<double> images;
  for (int64_t first = 0; first < count; first += batch_size) {
    const auto points =
        prior_batch(metadata, tau, seed, first, std::min(batch_size, count - first));
    const auto defined = where_defined(model, Model::Direction::forward, points, tau);
    for (size_t at = 0; at < defined.images.size(); at += metadata.size())
      images.insert(images.end(), &defined.images[at],
                    &defined.images[at] + metadata.coordinates());
  }
  const auto shape = shape_of(metadata, images);
  DumpWriter dump(file, shape, -0.5 * shape.box[0]);
  const auto written = static_cast<int64_t>(images.size()) / metadata.coordinates();
  for (int64_t i = 0; i < written; i++) dump.write(i, &images[i * metadata.coordinates()]);
  dump.close();
  return count - written;
}

} // namespace nflow
