/** What all instances of a component have in common, made once when it is loaded. */
import type {
  ComponentPlan,
  LiftedFunction,
  LoweredFunction,
  PlanOptions,
  PlanSignature,
  PlanType,
} from '../../../wasm/component/plan.ts';
import { type Codec, joinFlat } from './codec.ts';
import { BYTES, flagsCodec, handleCodec, listCodec, recordCodec, variantCodec } from './compounds.ts';
import { HOST_FUNCTIONS, type HostCall, hasSlowStreams, NOT_THERE } from './host/index.ts';
import { primitiveCodec, U8 } from './primitives.ts';

export interface Signature {
  readonly params: readonly Codec[];
  /** Of all parameters together, when they are more than parameters of a core function may be. */
  readonly spilled: Codec | undefined;
  readonly result: Codec | undefined;
  /** Whether the result is the value of the core function, and not a pointer. */
  readonly isDirect: boolean;
  /** Whether the result is a `result` with a value; some drafts of an interface have it, others not. */
  readonly isFallible: boolean;
}

export interface Lifted {
  readonly core: LiftedFunction['core'];
  readonly signature: Signature;
  readonly options: PlanOptions;
}

export interface Lowered {
  readonly signature: Signature;
  readonly options: PlanOptions;
  /** Of the host, or of the component itself. */
  readonly call: HostCall | Lifted;
  /** Whether it may wait, so that the stack of its caller is suspended meanwhile. */
  readonly waits: boolean;
}

export interface Prepared {
  readonly plan: ComponentPlan;
  readonly lowered: readonly Lowered[];
  /** Called with a message. */
  readonly handler: Lifted | undefined;
  /** Called with an HTTP request. */
  readonly http: Lifted | undefined;
}

export function prepare(plan: ComponentPlan, suspends: boolean): Prepared {
  const codecs = plan.types.reduce<Codec[]>((made, type) => {
    made.push(toCodec(plan, type, made));
    return made;
  }, []);
  const codecAt = (index: number): Codec => {
    const codec = codecs[index];
    if (codec === undefined) throw new TypeError('The component has a type that is not there');
    return codec;
  };
  const toSignature = ({ params, result }: PlanSignature): Signature => {
    const each = params.map(codecAt);
    const codec = result === null ? undefined : codecAt(result);
    const type = result === null ? undefined : plan.types[result];
    return {
      params: each,
      spilled: joinFlat(each) === undefined ? recordCodec(each) : undefined,
      result: codec,
      isDirect: codec === undefined || codec.flat?.length === 1,
      isFallible: typeof type === 'object' && type.kind === 'variant' && type.cases[0] !== null,
    };
  };
  const toLifted = ({ core, signature, options }: LiftedFunction): Lifted => ({
    core,
    signature: toSignature(signature),
    options,
  });
  const streamsWait = plan.lowered.some(({ func }) => func.kind === 'host' && hasSlowStreams(func.from));
  const toLowered = ({ func, options }: LoweredFunction): Lowered => {
    const signature = toSignature(func.signature);
    if (func.kind === 'lift') return { signature, options, call: toLifted(func), waits: suspends };
    const { call, waits } = HOST_FUNCTIONS[`${func.from}#${func.name}`] ?? NOT_THERE;
    const mayWait = suspends && (streamsWait || func.from !== 'wasi:io/streams');
    return { signature, options, call, waits: waits && mayWait };
  };
  const toOptional = (func: LiftedFunction | undefined | null): Lifted | undefined =>
    func === undefined || func === null ? undefined : toLifted(func);
  return {
    plan,
    lowered: plan.lowered.map(toLowered),
    handler: toOptional(plan.handler?.func),
    http: toOptional(plan.http),
  };
}

/** @param made codecs of the types before it, which are all that it can refer to */
function toCodec({ resources }: ComponentPlan, type: PlanType, made: readonly Codec[]): Codec {
  if (typeof type === 'string') return primitiveCodec(type);
  const at = (index: number): Codec => made[index] as Codec;
  switch (type.kind) {
    case 'list':
      return at(type.of) === U8 ? BYTES : listCodec(at(type.of));
    case 'record':
      return recordCodec(type.fields.map(at));
    case 'variant':
      return variantCodec(type.cases.map((each) => (each === null ? undefined : at(each))));
    case 'flags':
      return flagsCodec(type.count);
    case 'own':
    case 'borrow': {
      const home = resources[type.resource]?.handles;
      return handleCodec(type.resource, type.kind === 'own', ({ handles }) => handles.table === home);
    }
  }
}
