#ifndef NFLOW_TRAINER_TRAINING_EXCHANGE_TABLE_H
#define NFLOW_TRAINER_TRAINING_EXCHANGE_TABLE_H

#include "estimators/exchange.h"

#include <string>

namespace nflow::trainer {

/// `text` with blanks behind it up to `width`, one at least.
std::string padded(const std::string &text, size_t width);
/// "12.34 %", or a dash where there is none.
std::string percent(double fraction);

/// The head of the columns of exchange_row(), and a row: J, acceptance and both ESS.
std::string exchange_head();
std::string exchange_row(const std::string &name, const estimators::ExchangeReport &report);

} // namespace nflow::trainer

#endif
