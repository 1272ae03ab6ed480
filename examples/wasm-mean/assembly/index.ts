// A reactor that answers with the mean of the numbers in its payload.
import { log, message, reply } from './hairspring';

export function hairspring_message(): i32 {
  const words = message.text().trim().split(' ');
  let sum: f64 = 0;
  let count: i32 = 0;
  for (let index = 0; index < words.length; index += 1) {
    const value = parseFloat(words[index]);
    if (isNaN(value)) log(2, 'not a number: "' + words[index] + '"');
    else {
      sum += value;
      count += 1;
    }
  }
  if (count == 0) return 1;
  reply.header('X-Count', count.toString());
  reply.write((sum / count).toString());
  return 0;
}
