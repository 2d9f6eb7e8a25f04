# From the positions of atom 1 before and after each attempt of exchange, OUTPUT_T1.before and .after of in.temper: how many
# attempts changed the well that this temperature is in, and the free energy difference of the wells.
#
#   awk -f examples/doublewell64/basins.awk flow_T1.before flow_T1.after
#
# Errors from 20 blocks of time.
/^#/ { next }
FNR == NR { before[$1] = $2 > 0; next }
{ right[n] = $2 > 0; changed[n] = (before[$1] != right[n]); ++n }
END {
  blocks = 20
  for (i = 0; i < n; i++) {
    b = int(i * blocks / n)
    r[b] += right[i]; c[b] += changed[i]; size[b]++
    r_all += right[i]; c_all += changed[i]
  }
  for (b = 0; b < blocks; b++) {
    r_error += (r[b] / size[b] - r_all / n) ^ 2
    c_error += (c[b] / size[b] - c_all / n) ^ 2
  }
  scale = 1 / (blocks * (blocks - 1))
  p = r_all / n
  printf "%d attempts\n", n
  printf "changed the well: %.2f +- %.2f %% of attempts", 100 * c_all / n, 100 * sqrt(c_error * scale)
  printf " (if both sides were always independent: %.2f %%)\n", 200 * p * (1 - p)
  printf "in the well on the right: %.4f +- %.4f\n", p, sqrt(r_error * scale)
  if (p > 0 && p < 1) printf "free energy of right minus left, kT: %.3f +- %.3f\n", log((1 - p) / p), sqrt(r_error * scale) / (p * (1 - p))
}
