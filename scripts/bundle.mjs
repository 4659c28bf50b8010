/**
 * Puts the modules of `dist` that a process needs together into one file each: those that are there before a database is
 * open, those of the command, those of a scan, those of many files, those of images, those that ask registries, and those that
 * compile. Node takes a millisecond to find, read and compile a module, however small, and a fifth of the time of opening the
 * default database was spent on it. Where a module was there stays one that exports the same from the bundle, so that everything
 * can still be imported by its own name, and is there once.
 *
 * Usage, for `dist` or the compiled source in another directory: node scripts/bundle.mjs [DIRECTORY]
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url)))

/** Each takes what its entries import and none before it took. */
const BUNDLES = [
  { name: 'opening', entries: ['index.js'] },
  { name: 'command', entries: ['cli/main.js'] },
  { name: 'scanning', entries: ['scan/scan-paths.js'] },
  { name: 'contents', entries: ['scan/analyse-contents.js', 'scan/open-result-cache.js'] },
  { name: 'images', entries: ['scan/scan-image.js'] },
  { name: 'registry', entries: ['image/registry/open-registry.js'] },
  { name: 'compiling', entries: ['scan/compile-prints.js'] },
]

/** What the compiler writes for an import that is there from the start; `import()` is for later. */
const STATIC_IMPORT = /^(?:import|export)\b[^'"]*?\bfrom '(?<from>\.[^']*)'|^import '(?<bare>\.[^']*)'/gm

/** How a module names a file of the package, from where it is. */
const FILE_OF_PACKAGE = /new URL\('(?<from>\.[^']*)', import\.meta\.url\)/g

const FOLDER = 'bundles'

const bundleOf = new Map()
for (const { name, entries } of BUNDLES) for (const entry of entries) collect(join(dist, entry), name)

const target = mkdtempSync(join(tmpdir(), 'binprint-bundle-'))
try {
  const paths = [...bundleOf.keys()]
  const bundle = await rolldown({
    input: Object.fromEntries(paths.map((path) => [relative(dist, path).slice(0, -'.js'.length), path])),
    // For Node it would add a runtime of its own, which is not needed and one more file to load.
    platform: 'neutral',
    plugins: [{ name: 'places', resolveId: outside, transform: fromBundles }],
  })
  await bundle.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${FOLDER}/[name].js`,
    codeSplitting: { groups: BUNDLES.map(({ name }) => ({ name, test: (id) => bundleOf.get(id) === name })) },
  })
  // Those of the compiler are about other lines.
  for (const path of paths) rmSync(`${path}.map`, { force: true })
  cpSync(target, dist, { recursive: true })
} finally {
  rmSync(target, { recursive: true, force: true })
}

function collect(path, name) {
  if (bundleOf.has(path)) return
  bundleOf.set(path, name)
  for (const { groups } of readFileSync(path, 'utf8').matchAll(STATIC_IMPORT))
    collect(resolve(dirname(path), groups.from ?? groups.bare), name)
}

/** Packages and all other modules are imported as before. */
function outside(specifier, importer) {
  if (importer === undefined) return null
  if (!specifier.startsWith('.')) return { id: specifier, external: true }
  const path = resolve(dirname(importer), specifier)
  return bundleOf.has(path) ? null : { id: path, external: 'relative' }
}

/** The module with its files named from where the bundle is. */
function fromBundles(code, path) {
  return code.replaceAll(FILE_OF_PACKAGE, (_, from) => {
    const there = relative(join(dist, FOLDER), resolve(dirname(path), from)).replaceAll('\\', '/')
    return `new URL('${there}', import.meta.url)`
  })
}
