/**
 * Gets the files of a corpus through the npm and apt clients into the bench's cache. Usage:
 *
 *     node bench/accuracy/fetch.mjs [CORPUS.json...]
 *
 * Run it again to go on where it stopped. What the registries no longer have is counted as gone, what could not be read
 * this time as failed; both are listed in `fetch-<corpus>.json` beside the files. Further apt sources, one line each, may stand in `BINPRINT_BENCH_APT_SOURCES`.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { privateApt } from './apt.mjs'
import { CORPORA, cacheDirectory, cachedFile, isCached, readCorpusFiles, sha256Of } from './cache.mjs'
import { pipeToFile, run } from './command.mjs'

/** What the clients say of a version that is no more, as against a network that is down. */
const NO_MORE = /E404|ETARGET|was not found|Unable to locate|find a source to download|^need sha256|Not found in archive/

const cache = cacheDirectory()
const corpora = process.argv.length > 2 ? process.argv.slice(2) : [join(CORPORA, 'public.json')]
mkdirSync(join(cache, 'files'), { recursive: true })
for (const corpus of corpora) await fetchCorpus(corpus)

async function fetchCorpus(path) {
  const files = readCorpusFiles(path)
  const wanted = files.filter((file) => !isCached(file, cache))
  const packages = byPackage(wanted)
  console.log(`${basename(path)}: ${files.length} files, ${wanted.length} to get from ${packages.length} packages`)
  const apt = once(() => openApt(packages))
  const missing = []
  for (const [index, { source, files: inside }] of packages.entries()) {
    console.log(`[${index + 1}/${packages.length}] ${source.package} ${source.version}: ${inside.length} files`)
    missing.push(...(await fetchPackage(source, inside, apt)))
  }
  const had = files.filter((file) => isCached(file, cache)).length
  const gone = missing.filter(({ reason }) => NO_MORE.test(reason))
  const failed = missing.filter(({ reason }) => !NO_MORE.test(reason))
  const summary = { corpus: basename(path), files: files.length, had, gone, failed }
  writeFileSync(join(cache, `fetch-${basename(path, '.json')}.json`), `${JSON.stringify(summary, null, 2)}\n`)
  for (const { id, reason } of gone) console.log(`gone: ${id}: ${reason}`)
  for (const { id, reason } of failed) console.log(`failed: ${id}: ${reason}`)
  const counts = `${had} of ${files.length} files had, ${gone.length} gone, ${failed.length} failed`
  console.log(`${counts}; they are in ${join(cache, 'files')}`)
  if (failed.length > 0) process.exitCode = 1
}

/** Each package once, however many files come from it. */
function byPackage(files) {
  const packages = new Map()
  for (const file of files) {
    const { registry, package: name, version, arch = '' } = file.source
    const key = [registry, name, version, arch].join(' ')
    const entry = packages.get(key) ?? { source: file.source, files: [] }
    entry.files.push(file)
    packages.set(key, entry)
  }
  return [...packages.values()]
}

/** Puts the files of one package in place and returns those that could not be had, each with its reason. */
async function fetchPackage(source, files, apt) {
  const directory = mkdtempSync(join(cache, 'fetching-'))
  try {
    const archive = await download(source, directory, apt)
    const missing = []
    for (const file of files) {
      // The same content under another name of the package: a hard link of it unpacks to nothing on its own.
      if (isCached(file, cache)) continue
      const reason = await place(file, archive, join(directory, 'file'))
      if (reason !== undefined) missing.push(missingFile(file, reason))
    }
    return missing
  } catch (error) {
    return files.map((file) => missingFile(file, error.message))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function missingFile({ id, sha256 }, reason) {
  return { id, sha256, reason }
}

async function download({ registry, package: name, version, arch }, directory, apt) {
  if (registry === 'npm') {
    const wanted = ['pack', `${name}@${version}`, '--pack-destination', directory, '--ignore-scripts', '--loglevel=error']
    await run('npm', wanted, { cwd: directory, shell: process.platform === 'win32' })
  } else if (registry === 'debian') {
    await (await apt()).download(name, version, arch, directory)
  } else {
    throw new Error(`need the registry npm or debian, have ${registry}`)
  }
  const [archive] = readdirSync(directory).filter((file) => /\.(?:tgz|deb)$/.test(file))
  if (archive === undefined) throw new Error(`the client of ${registry} left no archive of ${name} ${version}`)
  return join(directory, archive)
}

/** Takes one file out of the archive; returns why it could not, if so. */
async function place(file, archive, scratch) {
  try {
    if (archive.endsWith('.deb'))
      await pipeToFile(['dpkg-deb', '--fsys-tarfile', archive], ['tar', '-xOf', '-', `./${file.source.file}`], scratch)
    else await pipeToFile(undefined, ['tar', '-xzOf', archive, file.source.file], scratch)
  } catch (error) {
    return error.message
  }
  const found = await sha256Of(scratch)
  if (found !== file.sha256) return `need sha256 ${file.sha256}, have ${found}`
  renameSync(scratch, cachedFile(file.sha256, cache))
  return undefined
}

async function openApt(packages) {
  const debian = packages.map(({ source }) => source).filter(({ registry }) => registry === 'debian')
  // Versions move between a suite and its companions when a point release is made.
  const bases = [...new Set(debian.map(({ suite }) => suite.replace(/-(?:security|updates)$/, '')))].sort()
  const suites = bases.flatMap((base) => (base === 'sid' ? [base] : [base, `${base}-updates`, `${base}-security`]))
  const architectures = [...new Set(['amd64', ...debian.map(({ arch }) => arch)])]
  const extraSources = (process.env['BINPRINT_BENCH_APT_SOURCES'] ?? '').split('\n').filter((line) => line !== '')
  const directory = join(cache, 'apt')
  console.log(`reading the package lists of ${suites.join(', ')} for ${architectures.join(', ')}`)
  const apt = await privateApt(directory, { suites, architectures, extraSources })
  // The lists of an interrupted run are completed, those of a finished one are brought up to date; both are quick.
  try {
    await apt.update()
  } catch (error) {
    console.log(`not all package lists could be read: ${error.message}`)
  }
  return apt
}

function once(open) {
  let opened
  return () => {
    opened ??= open()
    return opened
  }
}
