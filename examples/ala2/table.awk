# The table of scripts/ala2.sh from its rows T|method|exact (yes, no or raw)|population error|energy error|CPU seconds|of training, compared with
# Monte Carlo by another program (150,000 and 200,000 steps): phi > 0 by the mean of its two estimates.
BEGIN {
  phi[300] = 0.0160; phi_error[300] = 0.0025; phi[600] = 0.0660; phi_error[600] = 0.0021
  u[300] = -14.205; u[600] = 3.274
  printf "%5s %-28s %18s %6s %20s %7s %10s %12s %12s\n", "T", "method", "phi > 0, %", "z", "U, kcal/mol", "U - ref", "CPU s", "s/sample", "+ training"
}
{
  split($4, p, " "); split($5, e, " ")
  error = p[2] + 0
  known = error > 0
  z = known ? (p[1] - phi[$1]) / sqrt(error^2 + phi_error[$1]^2) : 0
  # Independent samples of phi > 0 in a run with this error.
  independent = known ? p[1] * (1 - p[1]) / error^2 : 0
  # What is biased, or has not come from one side to the other often, has no such number.
  cost = known && $3 != "raw" && z < 4 && z > -4 ? sprintf("%12.3g %12.3g", $6 / independent, ($6 + $7) / independent) : sprintf("%12s %12s", "-", "-")
  wrong = ($3 == "yes" && (z > 4 || z < -4))
  printf("%5s %-28s %10.2f +- %4.2f %6s %12.3f +- %5.3f %7.3f %10.1f %s%s\n", $1, $2, 100 * p[1], 100 * error,
         known ? sprintf("%.1f", z) : "-", e[1], e[2], e[1] - u[$1], $6, cost, wrong ? " !" : "")
}
