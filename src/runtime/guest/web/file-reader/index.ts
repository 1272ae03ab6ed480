/** FileReader and ProgressEvent. https://w3c.github.io/FileAPI/#APIASynch */
export { FileReader } from './file-reader.ts';
export { ProgressEvent } from './progress-event.ts';
