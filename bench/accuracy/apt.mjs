import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.mjs'

/**
 * An apt of the bench's own: its sources, lists and archives lie below `directory`, so that the machine's apt, its
 * sources and what is installed are neither asked nor changed. Mirrors, keys and proxies are those of the machine.
 *
 * `sourceSuites` are those whose source packages can be had. Needs a machine with apt and one Debian source.
 */
export async function privateApt(directory, { suites = [], sourceSuites = [], architectures, extraSources = [] }) {
  const place = (name) => join(directory, name)
  for (const name of ['lists/partial', 'archives/partial', 'sources.d', 'preferences.d']) {
    mkdirSync(place(name), { recursive: true })
  }
  writeFileSync(place('status'), '')
  const mirrors = await machineMirrors()
  const lines = [
    ...suites.map((suite) => sourceLine('deb', suite, mirrors)),
    ...sourceSuites.map((suite) => sourceLine('deb-src', suite, mirrors)),
  ]
  writeFileSync(place('sources.list'), [...lines, ...extraSources, ''].join('\n'))
  writeFileSync(place('apt.conf'), [...(await machineTransport()), ...settings(place, architectures), ''].join('\n'))
  const env = { ...process.env, APT_CONFIG: place('apt.conf'), LC_ALL: 'C' }
  return {
    /** Reads the package lists. Throws when one suite cannot be had; the others are read all the same. */
    update: () => run('apt-get', ['update'], { env }),
    /** Downloads one version of a package into `target`. */
    download: (name, version, arch, target) =>
      run('apt-get', ['download', '--quiet', `${name}:${arch}=${version}`], { env, cwd: target }),
    /** Downloads the newest version that the suites have of a package into `target`. */
    downloadNewest: (name, arch, target) =>
      run('apt-get', ['download', '--quiet', `${name}:${arch}`], { env, cwd: target }),
    /** Downloads the source package that a suite has into `target`; nothing is unpacked. */
    source: (name, suite, target) =>
      run('apt-get', ['source', '--quiet', '--download-only', '--only-source', `${name}/${suite}`], { env, cwd: target }),
  }
}

function settings(place, architectures) {
  return [
    // The machine's own configuration may hold hooks that clean its caches: none of it is read.
    'Dir::Etc::Parts "/dev/null";',
    'Dir::Etc::Main "/dev/null";',
    `Dir::Etc::SourceList "${place('sources.list')}";`,
    `Dir::Etc::SourceParts "${place('sources.d')}";`,
    'Dir::Etc::Preferences "/dev/null";',
    `Dir::Etc::PreferencesParts "${place('preferences.d')}";`,
    `Dir::State "${place('')}";`,
    `Dir::State::Lists "${place('lists')}";`,
    `Dir::State::Status "${place('status')}";`,
    `Dir::State::extended_states "${place('extended_states')}";`,
    `Dir::Cache "${place('')}";`,
    `Dir::Cache::archives "${place('archives')}";`,
    `APT::Architecture "${architectures[0]}";`,
    `APT::Architectures { ${architectures.map((arch) => `"${arch}";`).join(' ')} };`,
    // Only packages: no translations, no contents, no icons.
    'Acquire::Languages "none";',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    // Downloads run as whoever runs the bench; the sandbox user could not write here.
    'APT::Sandbox::User "root";',
    // Old suites keep lists that are past their date.
    'Acquire::Check-Valid-Until "false";',
  ]
}

/** How the machine reaches its mirrors: proxies, time-outs, authorisation helpers. */
async function machineTransport() {
  const lines = (await run('apt-config', ['dump'])).split('\n')
  return lines.filter((line) => /^Acquire::(?:https?|Retries|ForceIPv4|Queue-Mode)\b/i.test(line))
}

/** The machine's first Debian archive, and the one for its security suites. */
async function machineMirrors() {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)'
  const text = await run('apt-get', ['indextargets', '--no-release-info', '--format', format])
  const targets = text.split('\n').map((line) => {
    const [uri, release = '', component] = line.split(' ')
    return { uri, release, component }
  })
  const main = targets.filter(({ uri, component }) => component === 'main' && /debian/.test(uri))
  const security = main.find(({ release, uri }) => /-security$|\/updates$/.test(release) || /security/.test(uri))
  const archive = main.find(({ uri }) => uri !== security?.uri)
  if (archive === undefined) throw new Error("need a Debian archive among this machine's apt sources, found none")
  return { archive: archive.uri, security: security?.uri }
}

function sourceLine(type, suite, { archive, security }) {
  const uri = suite.endsWith('-security') ? (security ?? `${archive.replace(/\/$/, '')}-security/`) : archive
  return `${type} ${uri} ${suite} main`
}
