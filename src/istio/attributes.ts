/**
 * What is known of a request. An attribute is a value, absent (`undefined`) or {@link UNKNOWN}. Pure data.
 * Absent is knowledge: nothing matches it and every `not` holds. Unknown is none: neither can be said.
 */
import type { JsonObject } from '../lib/json.ts'

export const UNKNOWN = Symbol('unknown')

export type Attribute<Value> = Value | undefined | typeof UNKNOWN

export interface CallerAttributes {
  /** The URI of the peer's certificate, with `spiffe://`. Absent: no mutual TLS. */
  readonly peer: Attribute<string>
  /** Of the verified JWT, as signed: `scope` still one text. Absent: no JWT. */
  readonly claims: Attribute<JsonObject>
  /** 4 or 16 bytes; {@link parseIp} makes them. */
  readonly sourceIp: Attribute<readonly number[]>
  readonly remoteIp: Attribute<readonly number[]>
  /** Lower-case name to its values, line by line; with `:authority`, `:method` and `:path`. */
  readonly headers: Attribute<ReadonlyMap<string, readonly string[]>>
}

export interface OperationAttributes {
  readonly method: Attribute<string>
  /** Normalised, without query: {@link normalisePath}. */
  readonly path: Attribute<string>
  /** As sent, with its port. */
  readonly host: Attribute<string>
  readonly port: Attribute<number>
  readonly destinationIp: Attribute<readonly number[]>
  readonly sni: Attribute<string>
  /** Nothing here reads the metadata of other filters: absent for a complete request, else unknown. */
  readonly filterMetadata: Attribute<never>
}

export interface RequestAttributes extends CallerAttributes, OperationAttributes {}
