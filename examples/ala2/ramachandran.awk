# Densities of (phi, psi) on bins of 5 degrees from the output of nflow-stats --series, as blocks for gnuplot's "with image".
BEGIN { FS = ","; n = 72 }
/^[0-9]/ { i = int(($2 + 180) / 5); j = int(($3 + 180) / 5); count[(i % n) " " (j % n)]++; all++ }
END {
  for (i = 0; i < n; i++) {
    for (j = 0; j < n; j++) print -177.5 + 5 * i, -177.5 + 5 * j, count[i " " j] / all / 25
    print ""
  }
}
