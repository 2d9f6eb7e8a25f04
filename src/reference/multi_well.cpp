#include "reference/multi_well.h"

#include "base/error.h"
#include "base/random.h"
#include "files/input_file.h"

#include <cmath>
#include <fstream>
#include <sstream>

namespace nflow::reference {

namespace {

Matrix random_orthogonal(int64_t dim, uint32_t seed, uint64_t which) {
  RandomStream random(seed, 0, which, Purpose::initialisation);
  Matrix matrix(dim);
  random.fill_gaussian(matrix.values.data(), dim * dim);
  return orthonormalise(std::move(matrix));
}

std::vector<double> read_numbers(const std::string &file, const std::string &option) {
  const auto missing = "cannot open '" + file + "': give " + option + " the path of a text file";
  require_regular_file(file, missing);
  std::ifstream in(file);
  require(in.good(), missing);
  std::vector<double> numbers;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      size_t used = 0;
      double value = NAN;
      try {
        value = std::stod(word, &used);
      } catch (const std::exception &) {
      }
      if (used != word.size() || !(std::abs(value) <= 1e100))
        throw Error("'" + word + "' in '" + file +
                    "' is not a number: give numbers separated by blanks");
      numbers.push_back(value);
    }
  }
  return numbers;
}

} // namespace

void MultiWell::to_wells(const double *x, double *y) const {
  for (int64_t i = 0; i < dim(); i++) {
    y[i] = 0.0;
    for (int64_t j = 0; j < dim(); j++) y[i] += A(i, j) * x[j];
  }
}

double MultiWell::energy(const double *x) const {
  std::vector<double> y(a.size());
  to_wells(x, y.data());
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); i++) sum += y[i] * (a[i] + y[i] * (b + c * y[i] * y[i]));
  return sum;
}

void MultiWell::gradient(const double *x, double *gradient) const {
  std::vector<double> y(a.size());
  to_wells(x, y.data());
  for (int64_t j = 0; j < dim(); j++) gradient[j] = 0.0;
  for (int64_t i = 0; i < dim(); i++) {
    const double slope = a[i] + y[i] * (2.0 * b + 4.0 * c * y[i] * y[i]);
    for (int64_t j = 0; j < dim(); j++) gradient[j] += slope * A(i, j);
  }
}

MultiWell random_multi_well(int64_t dim, uint32_t seed) {
  constexpr double condition = 2.5;
  MultiWell system;
  const Matrix left = random_orthogonal(dim, seed, 0), right = random_orthogonal(dim, seed, 1);
  Matrix scaled = right;
  for (int64_t i = 0; i < dim; i++) {
    // From condition^-1/2 to condition^1/2 in equal ratios: their product is one.
    const double position =
        dim > 1 ? static_cast<double>(i) / static_cast<double>(dim - 1) - 0.5 : 0.0;
    for (int64_t j = 0; j < dim; j++) scaled(i, j) *= std::pow(condition, position);
  }
  system.A = multiply(left, scaled);
  RandomStream random(seed, 0, 2, Purpose::initialisation);
  for (int64_t i = 0; i < dim; i++) system.a.push_back(2.0 * random.uniform() - 1.0);
  return system;
}

MultiWell read_multi_well(const std::string &matrix_file, const std::string &linear_file) {
  MultiWell system;
  const auto matrix = read_numbers(matrix_file, "--matrix");
  system.a = read_numbers(linear_file, "--linear");
  const auto dim = static_cast<int64_t>(system.a.size());
  if (dim == 0) throw Error("'" + linear_file + "' is empty: give one number a coordinate");
  if (static_cast<int64_t>(matrix.size()) != dim * dim)
    throw Error("'" + matrix_file + "' has " + std::to_string(matrix.size()) + " numbers, but '" +
                linear_file + "' has " + std::to_string(dim) + ", which needs a matrix of " +
                std::to_string(dim * dim) + ": give files of one system");
  system.A = Matrix(dim);
  system.A.values = matrix;
  invert(system.A); // refuses a singular matrix
  return system;
}

nlohmann::json to_json(const MultiWell &system) {
  return {{"A", system.A.values}, {"a", system.a}, {"b", system.b}, {"c", system.c}};
}

MultiWell multi_well_from_json(const nlohmann::json &json) {
  MultiWell system;
  system.a = json.at("a").get<std::vector<double>>();
  system.A = Matrix(static_cast<int64_t>(system.a.size()));
  const auto values = json.at("A").get<std::vector<double>>();
  if (values.size() != system.A.values.size()) throw Error("A is not of the size of a");
  system.A.values = values;
  system.b = json.at("b").get<double>();
  system.c = json.at("c").get<double>();
  return system;
}

double wolfe_quapp_energy(double x, double y) {
  static const double angle = -0.15 * M_PI, cosine = std::cos(angle), sine = std::sin(angle);
  const double X = cosine * x - sine * y, Y = sine * x + cosine * y;
  return 2.0 * (X * (X * (X * X - 2.0) + 2.0 * Y + 0.8) + Y * (Y * (Y * Y - 4.0) + 0.1) + 9.28);
}

double double_well64_energy(const double *x) {
  double harmonic = 0.0;
  for (int k = 2; k < 64; k++) harmonic += x[k] * x[k];
  return wolfe_quapp_energy(x[0], x[1]) + 7.5 * harmonic;
}

} // namespace nflow::reference
