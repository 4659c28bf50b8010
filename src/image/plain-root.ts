import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DetectorError } from '../errors.ts'
import type { LayerEntry } from './layer-entry.ts'

/** Reads the tree of a directory as the one layer of a file system. Links are entries, and never followed. */
export interface DirectoryContent {
  /** Each directory before what is in it, by name. */
  readonly entries: readonly LayerEntry[]
  /** What could not be listed. */
  readonly unread: readonly { readonly path: string; readonly error: unknown }[]
}

/** @throws DetectorError `INPUT_NOT_FOUND`, `INPUT_UNREADABLE` for the directory itself */
export function readDirectoryTree(root: string): DirectoryContent {
  const entries: LayerEntry[] = []
  const unread: { path: string; error: unknown }[] = []
  const status = lstatSync(root, { throwIfNoEntry: false })
  if (status === undefined)
    throw new DetectorError('INPUT_NOT_FOUND', `no such directory: ${root}`, { locus: { path: root } })
  const open = ['']
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const inside: string[] = []
    for (const entry of list(root, directory, unread)) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      try {
        entries.push(entryOf(root, path, entry))
        if (entry.isDirectory()) inside.push(path)
      } catch (error) {
        unread.push({ path, error })
      }
    }
    open.push(...inside.reverse())
  }
  return { entries, unread }
}

function list(root: string, directory: string, unread: { path: string; error: unknown }[]): Dirent[] {
  try {
    const entries = readdirSync(join(root, directory), { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  } catch (error) {
    if (directory === '')
      throw new DetectorError('INPUT_UNREADABLE', `cannot list ${root}`, { locus: { path: root }, cause: error })
    unread.push({ path: directory, error })
    return []
  }
}

function entryOf(root: string, path: string, entry: Dirent): LayerEntry {
  if (entry.isSymbolicLink()) return { path, type: 'symlink', linkTarget: readlinkSync(join(root, path)) }
  const type = entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : 'other'
  return { path, type, linkTarget: null }
}
