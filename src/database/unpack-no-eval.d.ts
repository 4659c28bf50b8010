/** The part of msgpackr's entry point without code generation that binprint calls; the package ships no types for it. */
declare module 'msgpackr/unpack-no-eval' {
  export class Unpackr {
    constructor(options: { useRecords: false; mapsAsObjects: true })
    unpack(bytes: Uint8Array): unknown
  }
}
