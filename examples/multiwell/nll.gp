# Kullback-Leibler divergence (NLL less the exact entropy) against temperature, of the steerable flow and of
# the baseline, from the files that 'nflow-reference evaluate --csv' wrote. Both were trained at T = 1 only.
#
#   gnuplot -e "folder='build-apt/demo'" nll.gp    ->  build-apt/demo/nll.png
if (!exists("folder")) folder = "."
# Dimension 20 is there after 'scripts/demo.sh --full' only.
has20 = int(system("test -e ".folder."/nll_tsf20.csv -a -e ".folder."/nll_rnvp20.csv && echo 1 || echo 0"))
set terminal pngcairo size (has20 ? 1200 : 720),480 font "DejaVu Sans,13" noenhanced
set output folder."/nll.png"
set datafile separator ","
set logscale xy
set xrange [0.08:12.5]
set xtics ("0.1" 0.1, "0.2" 0.2, "0.5" 0.5, "1" 1, "2" 2, "5" 5, "10" 10)
set xlabel "temperature"
set ylabel "KL divergence from the exact density (nats)"
set border 3 lw 1 lc rgb "#444444"
set tics nomirror out scale 0.6
set grid ytics lc rgb "#dddddd" lw 1
set key top center samplen 2.5
set arrow 1 from 1,graph 0 to 1,graph 1 nohead dt 3 lc rgb "#888888"
set label 1 "trained here" at 1,graph 0.03 left offset 0.6,0 tc rgb "#666666" font ",11"
if (has20) set multiplot layout 1,2
set title "multi-well, d = 5"
plot folder."/nll_rnvp5.csv" using 1:2 skip 1 with linespoints pt 5 ps 1.1 lw 2 lc rgb "#c44e52" title "RNVP", \
     folder."/nll_tsf5.csv" using 1:2 skip 1 with linespoints pt 7 ps 1.1 lw 2 lc rgb "#4c72b0" title "TSF (temperature-steerable)"
if (has20) {
  set title "multi-well, d = 20"
  plot folder."/nll_rnvp20.csv" using 1:2 skip 1 with linespoints pt 5 ps 1.1 lw 2 lc rgb "#c44e52" title "RNVP", \
       folder."/nll_tsfplain20.csv" using 1:2 skip 1 with linespoints pt 6 ps 1.1 lw 2 lc rgb "#55a868" title "TSF, plain", \
       folder."/nll_tsf20.csv" using 1:2 skip 1 with linespoints pt 7 ps 1.1 lw 2 lc rgb "#4c72b0" title "TSF, structured"
  unset multiplot
}
