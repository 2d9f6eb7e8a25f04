# What scripts/ala2.sh measured, as in figure 3 of Dibak, Klein and Noe (2020):
#
#   gnuplot -e "folder='build-apt/ala2'" figure3.gp    ->  ramachandran.png, phi.png, energies.png in that folder
if (!exists("folder")) folder = "."
names = "md raw mc"
titles = "'dynamics' 'flow as it draws' 'Monte Carlo with the flow'"

set terminal pngcairo size 1200,820 font "DejaVu Sans,12" noenhanced
set output folder."/ramachandran.png"
set multiplot layout 2,3 title "Alanine dipeptide: densities of (phi, psi), one flow trained at 600 K"
set palette defined (0 "#ffffff", 0.15 "#c6dbef", 0.4 "#4c72b0", 0.7 "#dd8452", 1 "#7f0000")
set xrange [-180:180]
set yrange [-180:180]
set xtics -180,90,180
set ytics -180,90,180
set cbrange [-13:-7]
set xlabel "phi"
set ylabel "psi"
unset key
unset colorbox
do for [T in "600 300"] {
  do for [i = 1:3] {
    set title word(titles, i).", ".T." K"
    plot folder."/density_".word(names, i).T.".txt" using 1:2:($3 > 0 ? log($3) : -13) with image
  }
}
unset multiplot

set terminal pngcairo size 1200,520 font "DejaVu Sans,12" noenhanced
set output folder."/phi.png"
set multiplot layout 1,2
set datafile separator ","
set logscale y
set yrange [1e-5:1]
set ytics 1e-5,10
set format y "%.0e"
set ylabel "probability density, per degree"
set xlabel "phi"
set key top right samplen 2 font ",10"
do for [T in "600 300"] {
  set title T." K"
  plot folder."/histogram_raw".T.".csv" index 0 using 2:3 with steps lw 1.5 lc rgb "#dd8452" title "flow as it draws", \
    folder."/histogram_mc".T.".csv" index 0 using 2:3:4 with yerrorbars pt 7 ps 0.4 lc rgb "#4c72b0" title "Monte Carlo with the flow", \
    folder."/histogram_flow".T.".csv" index 0 using 2:3:4 with yerrorbars pt 5 ps 0.4 lc rgb "#55a868" title "exchange through the flow", \
    folder."/histogram_plain".T.".csv" index 0 using 2:3:4 with yerrorbars pt 9 ps 0.4 lc rgb "#888888" title "six temperatures, plainly"
}
unset multiplot

set output folder."/energies.png"
set datafile separator whitespace
unset logscale y
set format y "%g"
set yrange [0:*]
set xrange [-25:45]
set xtics auto
set ytics auto
width = 1.0
bin(x) = width * (floor(x / width) + 0.5)
set ylabel "probability density"
set xlabel "potential energy, kcal/mol"
set title "Energies at 300 and 600 K"
count(f) = int(system("wc -l < ".f))
plot for [T in "300 600"] folder."/energies_md".T.".txt" using (bin($2)):(1.0 / width / count(folder."/energies_md".T.".txt")) smooth freq \
    with steps lw 1.5 lc rgb "#888888" title "dynamics, ".T." K", \
  for [T in "300 600"] folder."/energies_mc".T.".txt" using (bin($2)):(1.0 / width / count(folder."/energies_mc".T.".txt")) smooth freq \
    with points pt 7 ps 0.6 lc rgb "#4c72b0" title "Monte Carlo with the flow, ".T." K", \
  for [T in "300 600"] folder."/energies_flow".T.".txt" using (bin($2)):(1.0 / width / count(folder."/energies_flow".T.".txt")) smooth freq \
    with points pt 5 ps 0.5 lc rgb "#55a868" title "exchange through the flow, ".T." K"
