# How many attempts of exchange changed the well that the coldest temperature is in, and the free energy difference of the
# wells there: from the record of attempts, and the positions of atom 1 before and after each, as in.temper leaves them.
#
#   awk -f examples/doublewell64/basins.awk flow.exchange flow_T1.before flow_T1.after
#
# Errors from 20 blocks of time.
FNR == 1 { ++file }
file == 1 && /^# T / { for (i = 3; i <= NF; i++) if (coldest == "" || $i + 0 < lowest) { coldest = i - 3; lowest = $i + 0 } }
/^#/ || $1 == 0 { next }
file == 1 { if ($3 == coldest || $4 == coldest) attempt[$1] = 1; next }
file == 2 { before[$1] = $2 > 0; next }
{ right[n] = $2 > 0; changed[n] = (before[$1] != right[n]); tried[n] = ($1 in attempt); ++n }
END {
  if (!n) { print "no attempts"; exit 1 }
  blocks = n < 20 ? n : 20
  for (i = 0; i < n; i++) {
    b = int(i * blocks / n)
    size[b]++
    r[b] += right[i]; c[b] += changed[i]; t[b] += tried[i]
    r_all += right[i]; c_all += changed[i]; t_all += tried[i]
  }
  for (b = 0; b < blocks; b++) {
    r_error += (r[b] / size[b] - r_all / n) ^ 2
    c_error += ((c[b] - t[b] * c_all / t_all) * blocks / t_all) ^ 2
  }
  scale = 1 / (blocks * (blocks > 1 ? blocks - 1 : 1))
  p = r_all / n
  printf "T = %g, %d attempts of exchange\n", lowest, t_all
  printf "changed the well: %.2f +- %.2f %% of attempts\n", 100 * c_all / t_all, 100 * sqrt(c_error * scale)
  printf "in the well on the right: %.4f +- %.4f of the time\n", p, sqrt(r_error * scale)
  if (p > 0 && p < 1)
    printf "free energy of the right well minus that of the left one, in kT: %.3f +- %.3f\n", log((1 - p) / p),
      sqrt(r_error * scale) / (p * (1 - p))
}
