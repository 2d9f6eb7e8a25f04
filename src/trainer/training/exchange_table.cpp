#include "trainer/training/exchange_table.h"

#include <cmath>
#include <cstdio>

namespace nflow::trainer {

namespace {

/// value +- error as wide as `width`; a dash where there is none.
std::string with_error(double value, double error, size_t width) {
  char text[64] = "-";
  if (std::isfinite(value)) std::snprintf(text, sizeof(text), "%.4g +- %.2g", value, error);
  return padded(text, width);
}

} // namespace

std::string padded(const std::string &text, size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 1, ' ');
}

std::string percent(double fraction) {
  char text[32] = "-";
  if (std::isfinite(fraction)) std::snprintf(text, sizeof(text), "%.2f %%", 100.0 * fraction);
  return text;
}

std::string exchange_head() {
  return "  " + padded("", 12) + padded("J", 20) + padded("acceptance", 22) + padded("ESS", 12) +
         "ESS back\n";
}

std::string exchange_row(const std::string &name, const estimators::ExchangeReport &r) {
  return "  " + padded(name, 12) + with_error(r.j, r.j_error, 20) +
         with_error(r.acceptance, r.acceptance_error, 22) + padded(percent(r.ess_forward), 12) +
         percent(r.ess_backward) + "\n";
}

} // namespace nflow::trainer
