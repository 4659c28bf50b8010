/** What grows, and how to get it from a row of the result. */
export const CURVES = [
  { name: 'bytes of prints', of: (row) => row.bytes },
  { name: 'bytes of the database', of: (row) => row.databaseBytes },
  { name: 'reading and sorting prints, CPU', of: (row) => row.read },
  { name: 'compiling, CPU', of: (row) => row.compile },
  { name: 'compiling, peak memory', of: (row) => row.compilePeak },
  { name: 'opening, CPU', of: (row) => row.open.cpu },
  { name: 'scanning, CPU', of: (row) => row.scanRatio },
  { name: 'scanning, peak memory', of: (row) => row.scanPeak },
]

/** By curve the exponents between neighbouring sizes, and that of the line through all of them on paper with two logarithms. */
export function exponents(rows) {
  return CURVES.map(({ name, of }) => {
    const points = rows.map((row) => [Math.log(row.size), Math.log(of(row))])
    const steps = points.slice(1).map(([x, y], i) => (y - points[i][1]) / (x - points[i][0]))
    return { name, steps, all: slope(points) }
  })
}

/** Of the line with the least squares. */
function slope(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}
