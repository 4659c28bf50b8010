import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generator, mixed } from './random.mjs'
import { shapeOf, synthesize } from './synthetic.mjs'

/** The same catalog in each run. */
const SEED = 20261127

/** A synthetic component has this many releases at least: what is left over goes to the one before. */
const FEWEST_RELEASES = 10

/** The real components with their prints, by name. */
export function readReal({ decodePrints }, root) {
  const entries = readdirSync(join(root, 'components')).map((name) =>
    JSON.parse(readFileSync(join(root, 'components', name), 'utf8')),
  )
  const families = new Map(entries.map(({ name, family }) => [name, family ?? name]))
  return readdirSync(join(root, 'prints'))
    .filter((file) => file.endsWith('.bpf'))
    .sort()
    .map((file) => {
      const bytes = readFileSync(join(root, 'prints', file))
      const prints = decodePrints(bytes)
      return { prints, bytes, family: families.get(prints.name) ?? prints.name }
    })
}

/** Names of source files that several real components have. */
export function sharedFileNames(components) {
  const holders = new Map()
  for (const { prints, family } of components)
    for (const { path } of prints.units) {
      const name = path.slice(path.lastIndexOf('/') + 1)
      holders.set(name, (holders.get(name) ?? new Set()).add(family))
    }
  return new Set([...holders].filter(([, families]) => families.size > 1).map(([name]) => name))
}

/**
 * What a catalog of `size` releases consists of. First the real components: those that the scanned programs hold, in every
 * size, so that what is found never changes; then the others, as far as there is room. Then synthetic ones, each in the shape
 * of a real one drawn by chance. Beyond the real catalog both grow, the number of components with the power 2/3 of its size and the
 * releases of a synthetic component, over those of its shape, with the power 1/3.
 */
export function planCatalog(size, components, found) {
  const held = components.filter(({ prints }) => found.has(prints.name))
  const others = components.filter(({ prints }) => !found.has(prints.name))
  const real = []
  let left = size
  for (const component of [...held, ...shuffled(others)]) {
    const { length } = component.prints.releases
    if (length > left && found.has(component.prints.name)) throw new Error(`${size} releases cannot hold what is found`)
    if (length > left) continue
    real.push(component)
    left -= length
  }
  const total = components.reduce((sum, { prints }) => sum + prints.releases.length, 0)
  const stretch = Math.max(1, (size / total) ** (1 / 3))
  const synthetic = []
  const random = generator(SEED)
  while (left > 0) {
    const shape = components[random.below(components.length)]
    const wanted = Math.round(shape.prints.releases.length * stretch)
    const count = left - wanted < FEWEST_RELEASES ? left : wanted
    synthetic.push({ name: `synthetic-${String(synthetic.length + 1).padStart(4, '0')}`, shape, count })
    left -= count
  }
  return { size, stretch, real, synthetic }
}

function shuffled(list) {
  const random = generator(SEED + 1)
  const rest = [...list]
  const drawn = []
  while (rest.length > 0) drawn.push(...rest.splice(random.below(rest.length), 1))
  return drawn
}

/** Writes the prints of a catalog into a directory; returns what it holds. */
export function writeCatalog({ encodePrints }, plan, directory, { sharing, stems }) {
  mkdirSync(join(directory, 'prints'), { recursive: true })
  const held = { components: 0, releases: 0, features: 0, units: 0, bytes: 0 }
  const write = (prints, bytes) => {
    writeFileSync(join(directory, 'prints', `${prints.name}.bpf`), bytes)
    held.components++
    held.releases += prints.releases.length
    held.units += prints.units.length
    held.bytes += bytes.length
    for (const { high } of Object.values(prints.features)) held.features += high.length
  }
  for (const { prints, bytes } of plan.real) write(prints, bytes)
  const shapes = new Map()
  for (const [index, { name, shape, count }] of plan.synthetic.entries()) {
    if (!shapes.has(shape)) shapes.set(shape, shapeOf(shape.prints))
    const prints = synthesize(name, shapes.get(shape), count, { seed: mixed(SEED, index), sharing, stems })
    write(prints, encodePrints(prints))
  }
  return held
}
