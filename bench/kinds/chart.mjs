import { COLOURS, chart } from '../chart.mjs'
import { MEGABYTE } from './order.mjs'

const [WIDTH, TOP, ROW] = [760, 84, 20]
/** Where the plot lies, in pixels. */
const PLOT = { left: 52, width: 400, height: 260 }
/** Numbers of steps stand at least this far apart, in pixels. */
const APART = 16
const LEGEND = PLOT.left + PLOT.width + 40
const LINES = [
  ['f1', 'F1 of presence', COLOURS.ours],
  ['truthInSet', 'truth in set', COLOURS.peer],
  ['exactOfAll', 'exact version, of all', COLOURS.second],
]

/** The curve: what the corpus gets as the database grows kind by kind. */
export function toSvg({ curve, corpus, database }) {
  const largest = Math.max(...curve.map(({ bytes }) => bytes), 1)
  const values = curve.flatMap(({ figures }) => LINES.map(([name]) => figures[name] ?? 0))
  const lowest = Math.floor(Math.min(...values, 0.9) * 10) / 10
  const bottom = TOP + PLOT.height
  const x = (bytes) => PLOT.left + (PLOT.width * bytes) / largest
  const y = (value) => bottom - (PLOT.height * (value - lowest)) / (1 - lowest)
  const ticks = Array.from({ length: Math.round((1 - lowest) * 10) + 1 }, (_, i) => lowest + i / 10)
  const places = spread(
    curve.map(({ bytes }) => x(bytes)),
    PLOT.left + PLOT.width + 8,
  )
  const height = Math.max(bottom + 76, TOP + (curve.length + LINES.length + 2) * ROW + 24)
  return chart(
    {
      width: WIDTH,
      height,
      title: 'What each kind of fingerprint buys',
      subtitle: `${corpus.files} files of the public corpus; ${database.components} components; kinds by what they bring per megabyte`,
      small: 'npm run bench:kinds',
    },
    [
      ...ticks.flatMap((tick) => [
        `<line x1="${PLOT.left}" y1="${px(y(tick))}" x2="${PLOT.left + PLOT.width}" y2="${px(y(tick))}" stroke="${COLOURS.ground}"/>`,
        `<text x="${PLOT.left - 8}" y="${px(y(tick) + 4)}" text-anchor="end">${tick.toFixed(1)}</text>`,
      ]),
      ...curve.flatMap(({ bytes }, i) => [
        `<polyline points="${px(x(bytes))},${bottom} ${px(x(bytes))},${TOP} ${px(places[i])},${TOP - 6}" fill="none" stroke="${COLOURS.ground}"/>`,
        `<text x="${px(places[i])}" y="${TOP - 10}" text-anchor="middle" font-size="11">${i + 1}</text>`,
      ]),
      ...LINES.flatMap(([name, , colour]) => line(curve, name, colour, x, y)),
      ...megabyteTicks(largest).flatMap((megabytes) => [
        `<text x="${px(x(megabytes * MEGABYTE))}" y="${bottom + 20}" text-anchor="middle">${megabytes}</text>`,
      ]),
      `<text x="${PLOT.left + PLOT.width / 2}" y="${bottom + 40}" text-anchor="middle">megabytes of prints</text>`,
      ...LINES.flatMap(([, label, colour], i) => [
        `<rect x="${LEGEND}" y="${TOP + i * ROW - 10}" width="12" height="12" fill="${colour}"/>`,
        `<text x="${LEGEND + 20}" y="${TOP + i * ROW}">${label}</text>`,
      ]),
      ...curve.map(
        ({ bytes }, i) =>
          `<text x="${LEGEND}" y="${TOP + (LINES.length + 1 + i) * ROW}">${i + 1}  ${stepName(curve[i])}, ${(bytes / MEGABYTE).toFixed(1)} MB</text>`,
      ),
    ],
  )
}

/** What a step of the curve is called. */
export function stepName({ kind, kinds }) {
  return kind === undefined ? kinds.join(' and ') : `+ ${kind}`
}

/** Places along a line, ascending, moved as little as it takes to stand apart and end before `end`. */
export function spread(places, end) {
  const moved = []
  for (const place of places) moved.push(Math.max(place, (moved.at(-1) ?? -Infinity) + APART))
  let limit = end
  for (let i = moved.length - 1; i >= 0; i--) {
    moved[i] = Math.min(moved[i], limit)
    limit = moved[i] - APART
  }
  return moved
}

function line(curve, name, colour, x, y) {
  const points = curve.map(({ bytes, figures }) => [px(x(bytes)), px(y(figures[name] ?? 0))])
  return [
    `<polyline points="${points.map((point) => point.join()).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(([left, top]) => `<circle cx="${left}" cy="${top}" r="3.5" fill="${colour}"/>`),
  ]
}

/** Round numbers of megabytes, four to eight of them. */
function megabyteTicks(largest) {
  const megabytes = largest / MEGABYTE
  const power = 10 ** Math.floor(Math.log10(megabytes / 4))
  const step = [1, 2, 5, 10].map((one) => one * power).findLast((one) => one <= megabytes / 4) ?? power
  return Array.from({ length: Math.floor(megabytes / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)))
}

function px(value) {
  return value.toFixed(1)
}
