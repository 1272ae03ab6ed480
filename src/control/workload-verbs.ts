/** Nex's verbs about workloads, served for every namespace. */
import type { Msg } from '@nats-io/nats-core';
import {
  callerTimeoutMs,
  FUNCTION_TYPES,
  HairspringError,
  HOST_LIMITS,
  isFunctionType,
  REQUEST_HEADERS,
  SYSTEM_NAMESPACE,
  workloadSubjects,
} from '../core/index.ts';
import { type BidBook, createBidBook } from './bids.ts';
import { type EndpointContext, SUPPORTED_LIFECYCLES } from './endpoint-context.ts';
import { json, jsonPages, type MicroEndpoint } from './micro-endpoint.ts';
import { nodeTags, tagsMatch } from './node-tags.ts';
import type { AuctionResponse, StartWorkloadRequest, StopWorkloadResponse } from './types.ts';
import {
  auctionRequest,
  checkNamespace,
  cloneWorkloadRequest,
  listWorkloadsRequest,
  parseBody,
  startWorkloadRequest,
  stopWorkloadRequest,
  subjectNamespace,
  subjectToken,
} from './wire.ts';

/** Place of the bid or workload id in `$NEX.SVC.<ns>.control.<VERB>.<id>`. */
const ID_TOKEN = 5;

export function workloadVerbs(context: EndpointContext): readonly MicroEndpoint[] {
  const bids = createBidBook(context.clock);
  return [
    auction(context, bids),
    { name: 'StopWorkload', subject: workloadSubjects.undeploy('*', '*'), handle: stop(context) },
    deploy(context, bids),
    clone(context),
    {
      name: 'NamespacePingRequest',
      subject: workloadSubjects.list('*'),
      async handle(msg) {
        const { namespace, filter } = parseBody(listWorkloadsRequest, msg, 'list request');
        checkNamespace(msg.subject, namespace);
        // Whoever counts on one reply of each node still has the first part.
        return jsonPages(await context.backend.list(namespace, filter));
      },
    },
  ];
}

function auction({ backend }: EndpointContext, bids: BidBook): MicroEndpoint {
  return {
    name: 'AuctionRequest',
    subject: workloadSubjects.auction('*'),
    async handle(msg) {
      const request = parseBody(auctionRequest, msg, 'auction request');
      if (!isFunctionType(request.agent_type) || backend.state() !== 'running') return undefined;
      if (!tagsMatch(nodeTags(backend), request.tags)) return undefined;
      const bid: AuctionResponse = {
        bidder_id: bids.place(),
        start_request_schema: backend.startRequestSchema,
        supported_lifecycles: SUPPORTED_LIFECYCLES,
        xkey: backend.xkey,
      };
      return json(bid);
    },
  };
}

function deploy({ backend, events }: EndpointContext, bids: BidBook): MicroEndpoint {
  return {
    name: 'AuctionDeployWorkload',
    subject: workloadSubjects.deploy('*', '*'),
    async handle(msg) {
      if (!bids.isOpen(subjectToken(msg.subject, ID_TOKEN))) return undefined;
      const request = parseBody(startWorkloadRequest, msg, 'deploy request');
      checkNamespace(msg.subject, request.namespace);
      checkRunnable(request);
      if (backend.state() !== 'running') {
        throw new HairspringError(
          'HS_DRAINING',
          `Cannot deploy "${request.name}": the node is in state ${backend.state()}`,
        );
      }
      const started = await backend.deploy(request, timeoutOf(msg) ?? HOST_LIMITS.deployMs);
      events.publish(request.namespace, 'WORKLOADSTARTED', {
        id: started.id,
        namespace: request.namespace,
        workload_type: request.workload_type,
        metadata: request.metadata ?? {},
      });
      return json(started);
    },
  };
}

function timeoutOf({ headers }: Msg): number | undefined {
  const name = REQUEST_HEADERS.timeoutMs;
  return callerTimeoutMs([[name, headers?.get(name) ?? '']]);
}

function checkRunnable(request: StartWorkloadRequest): void {
  if (!isFunctionType(request.workload_type)) {
    throw new HairspringError(
      'HS_WORKLOAD_TYPE',
      `Cannot deploy "${request.name}": workload type "${request.workload_type}" not found, this node runs ${FUNCTION_TYPES.map((type) => `"${type}"`).join(' and ')}`,
    );
  }
  if (!SUPPORTED_LIFECYCLES.includes(request.workload_lifecycle)) {
    throw new HairspringError(
      'HS_WORKLOAD_TYPE',
      `Cannot deploy "${request.name}": lifecycle "${request.workload_lifecycle}" is not one of: ${SUPPORTED_LIFECYCLES.join(', ')}`,
    );
  }
}

/** Every node answers, also one that does not hold the workload: callers take the answer with `stopped: true`. */
function stop({ backend, events }: EndpointContext): MicroEndpoint['handle'] {
  return async (msg) => {
    const { namespace } = parseBody(stopWorkloadRequest, msg, 'undeploy request');
    checkNamespace(msg.subject, namespace);
    const workloadId = subjectToken(msg.subject, ID_TOKEN);
    const stopped = await backend.undeploy(namespace, workloadId);
    if (stopped?.stopped === true) {
      const { id, workload_type } = stopped;
      events.publish(namespace, 'WORKLOADSTOPPED', { id, namespace, workload_type });
    }
    const notFound: StopWorkloadResponse = {
      id: workloadId,
      workload_type: '',
      stopped: false,
      message: 'workload not found',
    };
    return json(stopped ?? notFound);
  };
}

function clone({ backend }: EndpointContext): MicroEndpoint {
  return {
    name: 'CloneWorkload',
    subject: workloadSubjects.clone('*', '*'),
    async handle(msg) {
      const { namespace } = parseBody(cloneWorkloadRequest, msg, 'clone request');
      checkNamespace(msg.subject, namespace);
      const definition = await backend.clone(namespace, subjectToken(msg.subject, ID_TOKEN));
      if (definition === undefined) return undefined;
      const caller = subjectNamespace(msg.subject);
      const visible = caller === SYSTEM_NAMESPACE || definition.namespace === caller;
      return visible ? json(definition) : undefined;
    },
  };
}
