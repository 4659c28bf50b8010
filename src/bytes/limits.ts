import { DetectorError, type Locus } from '../errors.ts'

/** Every maximum of binprint in one place. All are inclusive; an input beyond one ends in `LIMIT_EXCEEDED`. */
export interface Limits {
  /** Entries of an ELF section or program header table. Chromium's debug build has 130,000 sections (-ffunction-sections objects). */
  readonly tableEntries: number
  /** Symbols of one symbol table. Debug builds of browsers hold about 1.5 million. */
  readonly symbols: number
  /** Names in the import directories of a PE program. An addon of Node has 181; far above any program met. */
  readonly imports: number
  /** Bytes of one symbol, section or library name. The longest mangled names seen in real programs are about 4 KiB. */
  readonly nameBytes: number
  /** Bytes of one table of names, which is read whole. That of Node 20 has 7 MiB; debug builds are larger by factors. */
  readonly stringTableBytes: number
  /** Members of one archive. The largest static libraries of Debian hold about 9,000. */
  readonly archiveMembers: number
  /** Entries of one image layer, which takes the place of `archiveMembers` there. Images of whole desktops have 500,000 files. */
  readonly layerEntries: number
  /** Bytes that one image layer may unpack to, in place of `unpackedBytes`. Those for machine learning reach 15 GiB. */
  readonly layerBytes: number
  /** Stretches of data between the holes of one sparse file. A disk image of 4 GiB has 1,000,000 if every other block is a hole. */
  readonly sparseParts: number
  /** Containers inside containers. A package in a jar in an archive in an initramfs of an image comes to 5. */
  readonly containerDepth: number
  /** Bytes of the list of files of an asar archive, which is read whole. Those of editors with all extensions have some 5 MiB. */
  readonly asarHeaderBytes: number
  /** Bytes of the header of an RPM package, which is read whole. rpm itself takes 256 MiB; that of kernel sources has 15 MiB. */
  readonly rpmHeaderBytes: number
  /** Bytes of a package database that is text, and of all paths of one. A desktop of 4,000 packages has 40 MiB of paths. */
  readonly packageDatabaseBytes: number
  /** Bytes of one PAX header or GNU long name of a tar. Go's archive/tar takes 1 MiB. */
  readonly extendedHeaderBytes: number
  /** Bytes that one archive may unpack to. The largest source release indexed is below 1 GiB. */
  readonly unpackedBytes: number
  /** Unpacked bytes per packed byte. Source archives reach 10, runs of zeros under xz about 7,000. */
  readonly unpackRatio: number
  /** Bytes of one source file. sqlite's amalgamation is 9 MiB; beyond 32 MiB there is only generated data. */
  readonly sourceFileBytes: number
  /** Files of one source tree. The Linux kernel has 80,000. */
  readonly treeFiles: number
  /** Macro expansions within one literal sequence; guards against self-feeding definitions. */
  readonly macroExpansions: number
  /** Nodes of a PE resource tree. Real programs stay in the thousands. */
  readonly resourceNodes: number
  /** Bytes of one manifest, index or config of an image. Registries take 4 MiB (OCI Distribution, "Pushing Manifests"). */
  readonly manifestBytes: number
  /** Entries of one image index. Official images have some 20, attestations included. */
  readonly indexManifests: number
  /** Indexes from the root of an image to its manifest. The OCI specification sets no bound; builders make one or two. */
  readonly indexDepth: number
  /** Layers of one image. overlayfs takes 127 of them at once; images with a layer for each package reach that. */
  readonly imageLayers: number
  /** Bytes of one blob as stored. The public registries take layers of up to 10 GB. */
  readonly blobBytes: number
  /** Tags of one repository that are listed. The largest ones, with a tag for each build, have some 10,000s. */
  readonly registryTags: number
}

/** The defaults; each has the reason stated at its type. */
export const DEFAULT_LIMITS: Limits = {
  tableEntries: 1_000_000,
  symbols: 8_000_000,
  imports: 200_000,
  nameBytes: 65_536,
  stringTableBytes: 512 * 1024 ** 2,
  archiveMembers: 200_000,
  layerEntries: 2_000_000,
  layerBytes: 32 * 1024 ** 3,
  sparseParts: 1_000_000,
  containerDepth: 8,
  asarHeaderBytes: 32 * 1024 ** 2,
  rpmHeaderBytes: 64 * 1024 ** 2,
  packageDatabaseBytes: 256 * 1024 ** 2,
  extendedHeaderBytes: 1024 ** 2,
  unpackedBytes: 4 * 1024 ** 3,
  unpackRatio: 10_000,
  sourceFileBytes: 32 * 1024 ** 2,
  treeFiles: 400_000,
  macroExpansions: 256,
  resourceNodes: 20_000,
  manifestBytes: 4 * 1024 ** 2,
  indexManifests: 1_000,
  indexDepth: 3,
  imageLayers: 1_000,
  blobBytes: 10 * 1024 ** 3,
  registryTags: 200_000,
}

/**
 * Bytes of an unwind or relocation table that are read, and held whole; what is behind them is not looked at. Those of
 * Chromium have some 30 MiB.
 */
export const MAX_TABLE_BYTES: number = 512 * 1024 ** 2

/** @throws DetectorError `LIMIT_EXCEEDED` naming the limit and how to raise it */
export function checkLimit(limits: Limits, name: keyof Limits, value: number, locus?: Locus): void {
  if (value <= limits[name]) return
  throw new DetectorError(
    'LIMIT_EXCEEDED',
    `${name} is ${value}, limit ${limits[name]}; raise with limits.${name}`,
    locus === undefined ? {} : { locus },
  )
}
