export { HttpInvocation } from './http/http-invocation.ts';
export { drainSubscriptions } from './subject/drain-subscriptions.ts';
export { MAX_HELD_BYTES } from './subject/frame-sender.ts';
export { refuseSize } from './subject/refuse-size.ts';
export { ReplyOutput } from './subject/reply-output.ts';
export { replyToError } from './subject/reply-writer.ts';
export {
  type OpenReply,
  type ReplyTarget,
  SubjectListener,
  type SubjectListenerOptions,
} from './subject/subject-listener.ts';
export { readWholeFrames } from './subject/whole-frames.ts';
