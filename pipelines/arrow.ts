/** A query's result as Apache Arrow, types and NULLs kept. What Arrow has no simple twin for (structs, maps) is text. */
import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  tableToIPC,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8
} from "apache-arrow";
import {
  type DuckDBDateValue,
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  type DuckDBResultReader,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue
} from "../warehouse/warehouse.ts";
import {asText} from "./result.ts";

/** Rows a record batch: text offsets have 32 bits. */
const batchRows = 65_536;

/** The result in Arrow's IPC format: `stream` for a pipe, `file` for random access. */
export function arrow(result: DuckDBResultReader, format: "stream" | "file"): Uint8Array {
  const types = result.columnTypes();
  const schema = new Schema(
    result.deduplicatedColumnNames().map((name, i) => new Field(name, arrowType(types[i]!), true))
  );
  const columns = result.getColumns();
  const batches: RecordBatch[] = [];
  for (let from = 0; from < result.currentRowCount; from += batchRows) {
    const length = Math.min(batchRows, result.currentRowCount - from);
    const children = columns.map((values, i) => column(types[i]!, values.slice(from, from + length)));
    batches.push(new RecordBatch(schema, makeData({type: new Struct(schema.fields), length, nullCount: 0, children})));
  }
  return tableToIPC(new Table(schema, batches), format);
}

type Numbers =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** A type whose values have one width: how many array elements hold one, and how a value is written into them. */
interface Fixed {
  type: DataType;
  array: (length: number) => Numbers;
  write: (array: Numbers, index: number, value: DuckDBValue) => void;
}

const plain = (type: DataType, array: Fixed["array"]): Fixed => ({type, array, write: set(value => value as number)});
const micros = (type: DataType): Fixed => ({
  type,
  array: length => new BigInt64Array(length),
  write: set(value => (value as DuckDBTimestampValue | DuckDBTimestampTZValue).micros)
});

/** Two words of 64 bits, the lower first. */
const decimal = (precision: number, scale: number): Fixed => ({
  type: new Decimal(scale, precision, 128),
  array: length => new BigInt64Array(2 * length),
  write(array, index, value) {
    const whole = value instanceof DuckDBDecimalValue ? value.value : (value as bigint);
    array[2 * index] = BigInt.asIntN(64, whole);
    array[2 * index + 1] = whole >> 64n;
  }
});

const fixed = new Map<DuckDBTypeId, Fixed>([
  [DuckDBTypeId.TINYINT, plain(new Int8(), length => new Int8Array(length))],
  [DuckDBTypeId.SMALLINT, plain(new Int16(), length => new Int16Array(length))],
  [DuckDBTypeId.INTEGER, plain(new Int32(), length => new Int32Array(length))],
  [DuckDBTypeId.BIGINT, plain(new Int64(), length => new BigInt64Array(length))],
  [DuckDBTypeId.UTINYINT, plain(new Uint8(), length => new Uint8Array(length))],
  [DuckDBTypeId.USMALLINT, plain(new Uint16(), length => new Uint16Array(length))],
  [DuckDBTypeId.UINTEGER, plain(new Uint32(), length => new Uint32Array(length))],
  [DuckDBTypeId.UBIGINT, plain(new Uint64(), length => new BigUint64Array(length))],
  [DuckDBTypeId.FLOAT, plain(new Float32(), length => new Float32Array(length))],
  [DuckDBTypeId.DOUBLE, plain(new Float64(), length => new Float64Array(length))],
  [DuckDBTypeId.TIMESTAMP, micros(new TimestampMicrosecond())],
  [DuckDBTypeId.TIMESTAMP_TZ, micros(new TimestampMicrosecond("UTC"))],
  [DuckDBTypeId.HUGEINT, decimal(38, 0)],
  [
    DuckDBTypeId.DATE,
    {
      type: new DateDay(),
      array: length => new Int32Array(length),
      write: set(value => (value as DuckDBDateValue).days)
    }
  ]
]);

function set(read: (value: DuckDBValue) => number | bigint): Fixed["write"] {
  return (array, index, value) => {
    array[index] = read(value);
  };
}

function fixedOf(type: DuckDBType): Fixed | undefined {
  return type instanceof DuckDBDecimalType ? decimal(type.width, type.scale) : fixed.get(type.typeId);
}

function arrowType(type: DuckDBType): DataType {
  if (type instanceof DuckDBListType) return new List(new Field("item", arrowType(type.valueType), true));
  if (type.typeId === DuckDBTypeId.BOOLEAN) return new Bool();
  return fixedOf(type)?.type ?? new Utf8();
}

function column(type: DuckDBType, values: DuckDBValue[]): Data {
  const length = values.length;
  const nullBitmap = bits(values, value => value !== null);
  const common = {length, nullCount: values.filter(value => value === null).length, nullBitmap};
  if (type instanceof DuckDBListType) {
    const lists = values.map(value => (value instanceof DuckDBListValue ? value.items : []));
    return makeData({
      ...common,
      type: arrowType(type) as List,
      valueOffsets: offsets(lists.map(items => items.length)),
      child: column(type.valueType, lists.flat())
    });
  }
  if (type.typeId === DuckDBTypeId.BOOLEAN) {
    return makeData({...common, type: new Bool(), data: bits(values, value => value === true)});
  }
  const layout = fixedOf(type);
  if (layout) {
    const data = layout.array(length);
    values.forEach((value, index) => {
      if (value !== null) layout.write(data, index, value);
    });
    return makeData({...common, type: layout.type, data} as {type: DataType});
  }
  const texts = values.map(value => Buffer.from(value === null ? "" : asText(value)));
  return makeData({
    ...common,
    type: new Utf8(),
    valueOffsets: offsets(texts.map(text => text.length)),
    data: Buffer.concat(texts)
  });
}

function bits(values: DuckDBValue[], isSet: (value: DuckDBValue) => boolean): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => {
    if (isSet(value)) bitmap[i >> 3]! |= 1 << (i & 7);
  });
  return bitmap;
}

/** Where each of the parts begins, and where the last ends. */
function offsets(lengths: number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    starts[i + 1] = starts[i]! + length;
  });
  return starts;
}
