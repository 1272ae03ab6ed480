import { HairspringError } from '../../../core/index.ts';
import { damaged } from '../binary-reader.ts';
import type { ElaboratedComponent, LoweredItem } from './elaborate.ts';
import { unversioned } from './interfaces.ts';
import type {
  ComponentPlan,
  HostFunction,
  LiftedFunction,
  PlanSignature,
  PlanStep,
  PlanType,
} from './plan.ts';
import { shapeOf } from './resolve-type.ts';
import type { CoreInstanceItem, Entity, FunctionItem, FunctionType, ValueType } from './scope.ts';

type LiftItem = Extract<FunctionItem, { kind: 'lift' }>;

const HEADERS = 'list<record { name: string, value: string }>';
const MESSAGE = `record { subject: string, headers: ${HEADERS}, data: list<u8>, params: ${HEADERS} }`;
/** `handle-message` of wit/function.wit. */
const HANDLER_SHAPE = `(${MESSAGE}) -> variant { ok: record { data: list<u8>, headers: ${HEADERS} }, error: string }`;
const RUN_SHAPE = '() -> variant { ok: _, error: _ }';
const RUN_INTERFACE = 'wasi:cli/run';
/** Of an incoming-request and a response-outparam. */
const HTTP_SHAPE = '(own, own) -> _';
const HTTP_INTERFACE = 'wasi:http/incoming-handler';
/** More than those that are wanted have. */
const MAX_SIGNATURE_CHARS = 1_000;

/**
 * Writes down what the isolate needs of a component.
 * @throws HS_WASM_INVALID when it exports no handler
 */
export function makePlan(name: string, component: ElaboratedComponent): ComponentPlan {
  const writer = new TypeWriter();
  const toFunction = (item: FunctionItem): LiftedFunction | HostFunction => {
    const signature = writer.signature(item.type);
    return item.kind === 'lift'
      ? { kind: 'lift', core: item.core, signature, options: item.options }
      : { kind: 'host', from: unversioned(item.from), name: item.name, signature };
  };
  const found = findHandler(name, component.exports);
  const request = findHttp(name, component);
  if (found === undefined && request === undefined) throw noHandler(name);
  const handler =
    found === undefined ? null : { kind: found.kind, func: toFunction(found.func) as LiftedFunction };
  const http = request === undefined ? null : (toFunction(request) as LiftedFunction);
  const lowered = component.lowered.map(({ func: item, options }: LoweredItem) => ({
    func: toFunction(item),
    options,
  }));
  return {
    types: writer.types,
    resources: component.resources,
    lowered,
    steps: component.steps.map(({ module, imports }) => ({
      module,
      imports: imports.map(([from, instance]) => [from, toStepImport(instance)] as const),
    })),
    tables: component.tables,
    handler,
    http,
  };
}

function toStepImport(instance: CoreInstanceItem): PlanStep['imports'][number][1] {
  return 'step' in instance ? instance.step : [...instance.items];
}

function findHandler(
  name: string,
  exports: ReadonlyMap<string, Entity>,
): { readonly kind: 'message' | 'run'; readonly func: LiftItem } | undefined {
  const own = exports.get('handle-message');
  if (own !== undefined)
    return { kind: 'message', func: checked(name, own, 'handle-message', HANDLER_SHAPE) };
  const run = exportOf(exports, RUN_INTERFACE, 'run');
  return run === undefined ? undefined : { kind: 'run', func: checked(name, run, 'run', RUN_SHAPE) };
}

/** @throws HS_WASM_INVALID when it is none of the host's resources that it wants */
function findHttp(name: string, { exports, resources }: ElaboratedComponent): LiftItem | undefined {
  const handle = exportOf(exports, HTTP_INTERFACE, 'handle');
  if (handle === undefined) return undefined;
  const func = checked(name, handle, `handle of ${HTTP_INTERFACE}`, HTTP_SHAPE);
  const wanted = func.type.params.flatMap((type) => (type.kind === 'own' ? [type.resource.id] : []));
  if (wanted.every((id) => resources[id]?.handles === null)) return func;
  throw new HairspringError(
    'HS_WASM_INVALID',
    `Cannot load ${name}: its ${HTTP_INTERFACE} takes resources of its own, and not those of wasi:http/types`,
    { hint: 'Build it with the WIT files of WASI 0.2' },
  );
}

/** A function of an exported interface, whatever its version. */
function exportOf(exports: ReadonlyMap<string, Entity>, from: string, name: string): Entity | undefined {
  for (const [exported, entity] of exports) {
    if (unversioned(exported) !== from || entity.sort !== 'instance') continue;
    const found = entity.item.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function noHandler(name: string): HairspringError {
  return new HairspringError(
    'HS_WASM_INVALID',
    `Cannot load ${name}: the component exports neither handle-message nor ${RUN_INTERFACE} nor ${HTTP_INTERFACE}`,
    {
      hint: 'Build it for the world hairspring:function/function of wit/, for wasi:http/proxy, or as a command with a main function',
    },
  );
}

function checked(name: string, entity: Entity, exported: string, shape: string): LiftItem {
  const found =
    entity.sort === 'func' && entity.item.kind === 'lift' ? signatureShape(entity.item.type) : 'no function';
  if (found === shape && entity.sort === 'func' && entity.item.kind === 'lift') return entity.item;
  throw new HairspringError(
    'HS_WASM_INVALID',
    `Cannot load ${name}: its ${exported} is ${found}, and not ${shape}`,
    { hint: 'Build it with the WIT files of this version' },
  );
}

function signatureShape({ params, result }: FunctionType): string {
  let list = '';
  for (const type of params) {
    if (list.length > MAX_SIGNATURE_CHARS) break;
    list += `${list === '' ? '' : ', '}${shapeOf(type)}`;
  }
  return `(${list}) -> ${shapeOf(result)}`.slice(0, MAX_SIGNATURE_CHARS);
}

/** Gives each type a number. */
class TypeWriter {
  readonly types: PlanType[] = [];
  readonly #numbers = new Map<ValueType, number>();

  signature({ params, result }: FunctionType): PlanSignature {
    return {
      params: params.map((type) => this.#number(type)),
      result: result === undefined ? null : this.#number(result),
    };
  }

  #number(type: ValueType): number {
    const known = this.#numbers.get(type);
    if (known !== undefined) return known;
    const written = this.#write(type);
    const number = this.types.push(written) - 1;
    this.#numbers.set(type, number);
    return number;
  }

  #write(type: ValueType): PlanType {
    switch (type.kind) {
      case 'primitive':
        return type.name;
      case 'list':
        return { kind: 'list', of: this.#number(type.of) };
      case 'record':
        return { kind: 'record', fields: type.fields.map(([, field]) => this.#number(field)) };
      case 'variant':
        return {
          kind: 'variant',
          cases: type.cases.map(([, each]) => (each === undefined ? null : this.#number(each))),
        };
      case 'flags':
        return { kind: 'flags', count: type.names.length };
      case 'own':
      case 'borrow':
        return { kind: type.kind, resource: type.resource.id };
      default:
        throw damaged('the component has a type of an unknown kind');
    }
  }
}
