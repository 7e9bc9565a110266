-- Registers the vector index, unless another model's stands in the database, and answers with the one that stands. One
-- that no vector was ever made for gives way to another name. Once the dimensions are known they stay; with p_hnsw the
-- index is then built too, which only the owner of the table may; one that stands is not asked for, for that would wait for
-- all writers.
create or replace function semmem.ensure_index(p_name text, p_model text, p_dimensions integer, p_hnsw boolean)
returns semmem.indexes
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    standing semmem.indexes;
    built text := 'vectors_hnsw_' || left(md5(p_name), 16);
begin
    select * into standing from semmem.indexes;
    if not found or standing.dimensions is null and (p_dimensions is not null or p_name <> standing.name) then
        lock table semmem.indexes in share row exclusive mode;
        insert into semmem.indexes (name, model, dimensions)
        select p_name, p_model, p_dimensions where not exists (select from semmem.indexes);
        update semmem.indexes set name = p_name, model = p_model, dimensions = p_dimensions where dimensions is null;
        select * into standing from semmem.indexes;
    end if;
    if p_hnsw and standing.name = p_name and standing.dimensions is not null and to_regclass('semmem.' || built) is null then
        execute format(
            'create index if not exists %I on semmem.vectors using hnsw ((vector::public.vector(%s)) vector_cosine_ops)
             where index_name = %L',
            built, standing.dimensions, p_name);
    end if;
    return standing;
end $$;
