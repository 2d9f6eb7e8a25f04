# Populations of phi > 0 and mean energies of what a flow drew, raw and weighted: two lines for table.awk.
#
#   awk -v T=300 -v cpu=12 -v training=90 -f weights.awk weights300.txt raw300.csv
#
# from the output of in.weights (step, U, ln weight) and of nflow-stats --series (frame, phi, psi). Errors of weighted averages
# are those of a ratio of means of independent numbers.
FNR == NR { if ($1 !~ /^#/) { u[$1] = $2; l[$1] = $3; if (most == "" || $3 > most) most = $3 }; next }
/^[0-9]/ { split($0, v, ","); if (v[1] in u) { phi[v[1]] = v[2] > 0; frames++ } }
function report(name, weighted,   w, sw, sp, su, p, e, sp2, su2, k) {
  for (k in phi) { w = weighted ? exp(l[k] - most) : 1; sw += w; sp += w * phi[k]; su += w * u[k] }
  p = sp / sw; e = su / sw
  for (k in phi) { w = weighted ? exp(l[k] - most) : 1; sp2 += (w * (phi[k] - p))^2; su2 += (w * (u[k] - e))^2 }
  printf "%s|%s|%s|%.6g %.2g|%.6g %.2g|%s|%s\n", T, name, weighted ? "yes" : "raw", p, sqrt(sp2) / sw, e, sqrt(su2) / sw, cpu, training
}
END { report("raw flow", 0); report("the same, weighted", 1) }
