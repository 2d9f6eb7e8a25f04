#include "trainer/command/report.h"

#include "base/text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace nflow::trainer {

namespace {

const char *csv_header = "step,loss,ml,kl,lambda,learning_rate,gradient_norm,validation_nll,ess,"
                         "skipped_steps,seconds,j,acceptance,ess_backward,"
                         "between_states,between_ceiling,least_acceptance,lost_states";

/// With their ends; a last row without one, of a run that was killed, is left out.
std::string rows_up_to(const std::string &file, int64_t step) {
  std::string rows;
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line) && !in.eof())
    if (std::atoll(line.c_str()) <= step) rows += line + "\n";
  return rows;
}

} // namespace

Report::Report(bool active, const std::string &csv, int64_t first_step)
    : active_(active), first_step_(first_step), start_(std::chrono::steady_clock::now()) {
  if (!active_) return;
  require_writable(csv);
  csv_ = std::make_unique<GrowingFile>(
      csv, csv_header + std::string("\n") + (first_step > 0 ? rows_up_to(csv, first_step) : ""));
}

void Report::line(const std::string &text) const {
  if (!active_) return;
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

double Report::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Report::progress(const Progress &p) {
  if (!active_) return;
  const double elapsed = seconds();
  const double per_step = elapsed / static_cast<double>(std::max<int64_t>(1, p.step - first_step_));
  char text[512];
  int at = std::snprintf(text, sizeof(text), "step %lld/%lld  loss %.4f",
                         static_cast<long long>(p.step), static_cast<long long>(p.steps), p.loss);
  if (std::isfinite(p.validation_nll))
    at += std::snprintf(text + at, sizeof(text) - at, "  validation NLL %.4f", p.validation_nll);
  if (std::isfinite(p.j))
    at +=
        std::snprintf(text + at, sizeof(text) - at, "  J %.3f  acceptance %.3f", p.j, p.acceptance);
  if (std::isfinite(p.ess))
    at += std::snprintf(text + at, sizeof(text) - at, "  ESS %.1f %%", 100.0 * p.ess);
  if (std::isfinite(p.between))
    at += std::snprintf(text + at, sizeof(text) - at,
                        "  between states %.2f of %.2f %%  least given a state %.3f",
                        100.0 * p.between, 100.0 * p.between_ceiling, p.least_acceptance);
  if (!p.lost.empty())
    at += std::snprintf(text + at, sizeof(text) - at, "  LOST: %.100s", p.lost.c_str());
  at += std::snprintf(text + at, sizeof(text) - at, "  |gradient| %.3g  %.2f ms/step  left %s",
                      p.gradient_norm, 1e3 * per_step,
                      clock_text(per_step * static_cast<double>(p.steps - p.step)).c_str());
  if (p.skipped_steps > 0)
    std::snprintf(text + at, sizeof(text) - at, "  skipped %lld",
                  static_cast<long long>(p.skipped_steps));
  line(text);
  std::snprintf(
      text, sizeof(text),
      "%lld,%.10g,%.10g,%.10g,%.6g,%.6g,%.6g,%.10g,%.6g,%lld,%.2f,%.8g,%.6g,%.6g,%.6g,%.6g,%.6g,",
      static_cast<long long>(p.step), p.loss, p.ml, p.kl, p.lambda, p.rate, p.gradient_norm,
      p.validation_nll, p.ess, static_cast<long long>(p.skipped_steps), elapsed, p.j, p.acceptance,
      p.ess_backward, p.between, p.between_ceiling, p.least_acceptance);
  csv_->add(text + p.lost + "\n");
}

} // namespace nflow::trainer
