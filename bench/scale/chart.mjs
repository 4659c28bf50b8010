import { CURVES } from './growth.mjs'

const [WIDTH, HEIGHT, LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT] = [760, 430, 60, 64, 430, 310]
/** Of what is drawn; the sizes of files follow the number of features. */
const DRAWN = [
  ['reading and sorting prints, CPU', '#b0b7bd'],
  ['compiling, CPU', '#2a6f97'],
  ['compiling, peak memory', '#61a5c2'],
  ['opening, CPU', '#bc6c25'],
  ['scanning, CPU', '#386641'],
  ['scanning, peak memory', '#a7c957'],
]

/** The curves, each as a multiple of what it is at the smallest size, both axes with logarithms. */
export function toSvg(rows) {
  const [first, last] = [rows[0].size, rows.at(-1).size]
  const factor = last / first
  const x = (size) => LEFT + (PLOT_WIDTH * Math.log(size / first)) / Math.log(factor)
  const y = (times) => TOP + PLOT_HEIGHT * (1 - Math.log(Math.max(times, 0.5) / 0.5) / Math.log((2 * factor) / 1))
  const curves = DRAWN.map(([name, colour]) => {
    const { of } = CURVES.find((curve) => curve.name === name)
    return { name, colour, points: rows.map((row) => [row.size, of(row) / of(rows[0])]) }
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    '<text x="16" y="26" font-size="16" font-weight="bold">What a larger catalog costs</text>',
    `<text x="16" y="46" fill="#555555">as multiples of what it costs with ${first} releases</text>`,
    ...[1, 10, 100].filter((times) => times <= factor).flatMap((times) => line(times, y(times))),
    ...rows.map(({ size }) => `<text x="${x(size)}" y="${TOP + PLOT_HEIGHT + 18}" text-anchor="middle">${size}</text>`),
    ...curves.map(
      ({ colour, points }) =>
        `<polyline fill="none" stroke="${colour}" stroke-width="2.5" points="${points.map(([size, times]) => `${x(size).toFixed(1)},${y(times).toFixed(1)}`).join(' ')}"/>`,
    ),
    ...legend(curves),
    `<text x="16" y="${HEIGHT - 12}" fill="#555555" font-size="11">Releases, in real and synthetic components. npm run bench:scale</text>`,
    '</svg>',
    '',
  ].join('\n')
}

function line(times, at) {
  return [
    `<line x1="${LEFT}" y1="${at.toFixed(1)}" x2="${LEFT + PLOT_WIDTH}" y2="${at.toFixed(1)}" stroke="#eef1f3"/>`,
    `<text x="${LEFT - 8}" y="${(at + 4).toFixed(1)}" text-anchor="end" fill="#555555">${times} ×</text>`,
  ]
}

/** Names with the factor at the last size, in the order in which the curves end. */
function legend(curves) {
  const sorted = [...curves].sort((a, b) => b.points.at(-1)[1] - a.points.at(-1)[1])
  return sorted.flatMap(({ name, colour, points }, i) => [
    `<rect x="${LEFT + PLOT_WIDTH + 24}" y="${TOP + 20 + i * 26}" width="14" height="4" fill="${colour}"/>`,
    `<text x="${LEFT + PLOT_WIDTH + 44}" y="${TOP + 26 + i * 26}">${name}: ${points.at(-1)[1].toFixed(points.at(-1)[1] < 10 ? 1 : 0)} ×</text>`,
  ])
}
