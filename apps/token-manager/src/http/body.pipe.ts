import { Injectable, type PipeTransform } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import type { z } from 'zod';

/** A body by its schema. Bodies here hold secrets, so an error names the field and never the value. */
@Injectable()
export class BodyPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  constructor(private readonly schema: Schema) {}

  transform(body: unknown): z.output<Schema> {
    const parsed = this.schema.safeParse(body ?? {});
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const [unknownKey] = issue?.code === 'unrecognized_keys' ? issue.keys : [];
    const param = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])].join('.') || undefined;
    const isMissing = issue?.code === 'invalid_type' && /received undefined/.test(issue.message);
    throw new AppError(
      isMissing ? 'missing_required_parameter' : 'invalid_value',
      param === undefined ? 'The body must be a JSON object.' : `${param}: ${sayWhat(issue)}.`,
      param === undefined ? {} : { param },
    );
  }
}

function sayWhat(issue: z.core.$ZodIssue | undefined): string {
  return issue?.code === 'unrecognized_keys' ? 'there is no such field here' : (issue?.message ?? 'not allowed');
}
