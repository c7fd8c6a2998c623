/** The part of the WebAssembly API in use: TypeScript declares it only together with everything else of a browser. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Undefined where the engine runs without a compiler. */
export function webAssemblyHere(): WebAssemblyApi | undefined {
  return (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
}
