/** Confidence at which one bin ends and the next begins: claims crowd between 0.8 and 1. */
const EDGES = [0, 0.8, 0.86, 0.89, 0.92, 0.95, 0.97, 0.98, 1.001]
/** Of a share of few claims, the 95 % interval that the diagram draws. */
const Z = 1.96

/**
 * How many of the claims are right, and the share to expect of the next one: half a right and half a wrong one are added, so
 * that no share of a few claims is 1.
 */
export function rateOf(claims) {
  const right = claims.filter(({ isRight }) => isRight).length
  return { claims: claims.length, right, rate: (right + 0.5) / (claims.length + 1) }
}

/** Mean squared distance between confidence and outcome. */
export function brier(claims) {
  if (claims.length === 0) return 0
  return claims.reduce((sum, { confidence, isRight }) => sum + (confidence - Number(isRight)) ** 2, 0) / claims.length
}

/** The claims by confidence: what was said, and how often it was right. */
export function binsOf(claims) {
  return EDGES.slice(1).flatMap((to, i) => {
    const inside = claims.filter(({ confidence }) => confidence >= EDGES[i] && confidence < to)
    if (inside.length === 0) return []
    const said = inside.reduce((sum, { confidence }) => sum + confidence, 0) / inside.length
    const right = inside.filter(({ isRight }) => isRight).length
    return [{ said, claims: inside.length, right, ...wilson(right, inside.length) }]
  })
}

/** @see Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927) */
function wilson(right, claims) {
  const share = right / claims
  const middle = (share + Z ** 2 / (2 * claims)) / (1 + Z ** 2 / claims)
  const reach =
    (Z * Math.sqrt((share * (1 - share)) / claims + Z ** 2 / (4 * claims ** 2))) / (1 + Z ** 2 / claims)
  return { low: middle - reach, high: Math.min(1, middle + reach) }
}

export function toMarkdown({ command, database, rates, halves, bins }) {
  return [
    '# Reliability of the confidence',
    '',
    `\`${command}\`; database ${database}. The public corpus in two halves by source package, as files of one package hold the`,
    'same code. How often a version is right, by the way it was found, was fitted on one half; the diagram and the bins are',
    'of the other, which the fit never saw. Claims without a version, and of files whose version is not known, are left out.',
    '',
    '![Said confidence and share that was right](reliability.svg)',
    '',
    '| found by | fitted half: right | share to expect | held half: right | its share |',
    '| --- | --- | --- | --- | --- |',
    ...rates.map(
      ({ way, fitted, held }) =>
        `| ${way} | ${fitted.right}/${fitted.claims} | ${fitted.rate.toFixed(3)} | ${held.right}/${held.claims} | ${held.rate.toFixed(3)} |`,
    ),
    '',
    '| confidence said, mean | claims of the held half | right | share | 95 % interval |',
    '| --- | --- | --- | --- | --- |',
    ...bins.map(
      ({ said, claims, right, low, high }) =>
        `| ${said.toFixed(3)} | ${claims} | ${right} | ${(right / claims).toFixed(3)} | ${low.toFixed(2)} to ${high.toFixed(2)} |`,
    ),
    '',
    '| half | claims | Brier score |',
    '| --- | --- | --- |',
    ...halves.map(({ half, claims, brier: score }) => `| ${half} | ${claims} | ${score.toFixed(4)} |`),
    '',
  ].join('\n')
}

const [SIZE, MARGIN, LOWEST] = [420, 54, 0.7]

/** The diagram: a point for each bin with its interval, on the diagonal where what is said is what comes. */
export function toSvg({ bins }) {
  const scale = (value) => ((Math.max(LOWEST, value) - LOWEST) / (1 - LOWEST)) * (SIZE - 2 * MARGIN)
  const [x, y] = [(value) => (MARGIN + scale(value)).toFixed(1), (value) => (SIZE - MARGIN - scale(value)).toFixed(1)]
  const ticks = [0.7, 0.8, 0.9, 1]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE}" height="${SIZE}" viewBox="0 0 ${SIZE} ${SIZE}" font-family="sans-serif" font-size="12">`,
    `<rect width="${SIZE}" height="${SIZE}" fill="#ffffff"/>`,
    `<line x1="${x(LOWEST)}" y1="${y(LOWEST)}" x2="${x(1)}" y2="${y(1)}" stroke="#b0b7bd" stroke-dasharray="4 4"/>`,
    ...ticks.flatMap((tick) => [
      `<text x="${x(tick)}" y="${SIZE - MARGIN + 20}" text-anchor="middle">${tick}</text>`,
      `<text x="${MARGIN - 10}" y="${Number(y(tick)) + 4}" text-anchor="end">${tick}</text>`,
    ]),
    `<text x="${SIZE / 2}" y="${SIZE - 12}" text-anchor="middle">confidence said</text>`,
    `<text x="14" y="${SIZE / 2}" text-anchor="middle" transform="rotate(-90 14 ${SIZE / 2})">share that was right</text>`,
    ...bins.flatMap(({ said, claims, right, low, high }) => [
      `<line x1="${x(said)}" y1="${y(low)}" x2="${x(said)}" y2="${y(high)}" stroke="#2a6f97"/>`,
      `<circle cx="${x(said)}" cy="${y(right / claims)}" r="${(3 + Math.sqrt(claims) / 2).toFixed(1)}" fill="#2a6f97" fill-opacity="0.8"/>`,
    ]),
    '</svg>',
    '',
  ].join('\n')
}
