/**
 * Which algorithm takes part in which operation, and with which parameters.
 * https://www.w3.org/TR/webcrypto-2/#algorithms and https://wicg.github.io/webcrypto-modern-algos/
 */

export type Operation =
  | 'digest'
  | 'generateKey'
  | 'importKey'
  | 'exportKey'
  | 'sign'
  | 'verify'
  | 'encrypt'
  | 'decrypt'
  | 'deriveBits'
  | 'wrapKey'
  | 'unwrapKey'
  | 'encapsulate'
  | 'decapsulate'
  | 'get key length';

/** What a parameter may be; numbers are the bits of an unsigned integer. */
export type ParameterKind = 'bytes' | 'integer-bytes' | 'hash' | 'key' | 'text' | 8 | 16 | 32;

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly required: boolean;
}

const DICTIONARIES = {
  none: '',
  aesLength: 'length:16!',
  aesCbc: 'iv:bytes!',
  aesCtr: 'counter:bytes! length:8!',
  aead: 'additionalData:bytes iv:bytes! tagLength:8',
  argon2:
    'associatedData:bytes memory:32! nonce:bytes! parallelism:32! passes:32! secretValue:bytes version:8',
  context: 'context:bytes',
  cshake: 'customization:bytes functionName:bytes outputLength:32!',
  curve: 'namedCurve:text!',
  ecdh: 'public:key!',
  hash: 'hash:hash!',
  hkdf: 'hash:hash! info:bytes! salt:bytes!',
  hmac: 'hash:hash! length:32',
  kangaroo: 'customization:bytes outputLength:32!',
  keyLength: 'length:32',
  kmac: 'customization:bytes outputLength:32!',
  oaep: 'label:bytes',
  pbkdf2: 'hash:hash! iterations:32! salt:bytes!',
  pss: 'saltLength:32!',
  rsa: 'hash:hash! modulusLength:32! publicExponent:integer-bytes!',
  turboshake: 'domainSeparation:8 outputLength:32!',
} as const;

type DictionaryName = keyof typeof DICTIONARIES;

const dictionaries = new Map<DictionaryName, readonly Parameter[]>();

/** The parameters of a dictionary, read when they are first needed. */
function dictionary(name: DictionaryName): readonly Parameter[] {
  let parameters = dictionaries.get(name);
  if (parameters === undefined) {
    parameters = DICTIONARIES[name]
      .split(' ')
      .filter((text) => text !== '')
      .map((text) => {
        const [member, type] = text.split(':') as [string, string];
        const required = type.endsWith('!');
        const kind = required ? type.slice(0, -1) : type;
        return { name: member, kind: (Number(kind) || kind) as ParameterKind, required };
      });
    dictionaries.set(name, parameters);
  }
  return parameters;
}

type Entry = Readonly<Partial<Record<Operation, DictionaryName>>>;

const KEY: Entry = { generateKey: 'none', importKey: 'none', exportKey: 'none' };
const SIGNATURE: Entry = { sign: 'none', verify: 'none' };
const AES: Entry = { ...KEY, generateKey: 'aesLength', 'get key length': 'aesLength' };
const DERIVATION: Entry = { importKey: 'none', 'get key length': 'none' };
const RSA: Entry = { ...KEY, generateKey: 'rsa', importKey: 'hash' };
const EC: Entry = { ...KEY, generateKey: 'curve', importKey: 'curve' };
const MAC: Entry = {
  ...KEY,
  generateKey: 'keyLength',
  importKey: 'keyLength',
  'get key length': 'keyLength',
};
const ML_DSA: Entry = { ...KEY, sign: 'context', verify: 'context' };
const ML_KEM: Entry = { ...KEY, encapsulate: 'none', decapsulate: 'none' };
const ARGON2: Entry = { ...DERIVATION, deriveBits: 'argon2' };
const KMAC: Entry = { ...MAC, sign: 'kmac', verify: 'kmac' };
const AEAD: Entry = { ...AES, encrypt: 'aead', decrypt: 'aead' };
const HASH: Entry = { digest: 'none' };
const CSHAKE: Entry = { digest: 'cshake' };
const KANGAROO: Entry = { digest: 'kangaroo' };
const TURBOSHAKE: Entry = { digest: 'turboshake' };

const ALGORITHMS: Readonly<Record<string, Entry>> = {
  'AES-CBC': { ...AES, encrypt: 'aesCbc', decrypt: 'aesCbc' },
  'AES-CTR': { ...AES, encrypt: 'aesCtr', decrypt: 'aesCtr' },
  'AES-GCM': AEAD,
  'AES-KW': { ...AES, wrapKey: 'none', unwrapKey: 'none' },
  'AES-OCB': AEAD,
  Argon2d: ARGON2,
  Argon2i: ARGON2,
  Argon2id: ARGON2,
  'ChaCha20-Poly1305': { ...KEY, encrypt: 'aead', decrypt: 'aead', 'get key length': 'none' },
  ECDH: { ...EC, deriveBits: 'ecdh' },
  ECDSA: { ...EC, sign: 'hash', verify: 'hash' },
  Ed25519: { ...KEY, ...SIGNATURE },
  Ed448: ML_DSA,
  HKDF: { ...DERIVATION, deriveBits: 'hkdf' },
  HMAC: { ...KEY, ...SIGNATURE, generateKey: 'hmac', importKey: 'hmac', 'get key length': 'hmac' },
  KMAC128: KMAC,
  KMAC256: KMAC,
  KT128: KANGAROO,
  KT256: KANGAROO,
  'ML-DSA-44': ML_DSA,
  'ML-DSA-65': ML_DSA,
  'ML-DSA-87': ML_DSA,
  'ML-KEM-512': ML_KEM,
  'ML-KEM-768': ML_KEM,
  'ML-KEM-1024': ML_KEM,
  PBKDF2: { ...DERIVATION, deriveBits: 'pbkdf2' },
  'RSA-OAEP': { ...RSA, encrypt: 'oaep', decrypt: 'oaep' },
  'RSA-PSS': { ...RSA, sign: 'pss', verify: 'pss' },
  'RSASSA-PKCS1-v1_5': { ...RSA, ...SIGNATURE },
  'SHA-1': HASH,
  'SHA-256': HASH,
  'SHA-384': HASH,
  'SHA-512': HASH,
  'SHA3-256': HASH,
  'SHA3-384': HASH,
  'SHA3-512': HASH,
  TurboSHAKE128: TURBOSHAKE,
  TurboSHAKE256: TURBOSHAKE,
  X25519: { ...KEY, deriveBits: 'ecdh' },
  X448: { ...KEY, deriveBits: 'ecdh' },
  cSHAKE128: CSHAKE,
  cSHAKE256: CSHAKE,
};

/** The names as the standards write them, by their upper case: callers may write them as they like. */
const NAMES = new Map(Object.keys(ALGORITHMS).map((name) => [name.toUpperCase(), name]));

export interface Registration {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

/** An algorithm by its name in any case, when it takes part in the operation. */
export function findAlgorithm(operation: Operation, anyCase: string): Registration | undefined {
  const name = NAMES.get(anyCase.toUpperCase());
  const entry = name === undefined ? undefined : ALGORITHMS[name];
  const found = entry?.[operation];
  if (name === undefined || found === undefined) return undefined;
  return { name, parameters: dictionary(found) };
}
