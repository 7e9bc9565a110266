-- What a value adds to a field, piece by piece. An item's piece is its place in the log, so that pieces have the order of
-- the list; of more items than the list keeps, only the last are written at all.
create or replace function semmem.pieces_of(p_shape text, p_here bigint, p_value jsonb, p_keep integer)
returns table (piece text, value jsonb)
language plpgsql immutable as $$
begin
    if p_shape = 'single' then
        return query select '', p_value;
    elsif p_shape = 'keys' then
        return query select e.key, e.value from jsonb_each(p_value) e;
    elsif p_shape = 'members' then
        return query
            select encode(sha256(convert_to(e.item::text, 'UTF8')), 'hex'), e.item
            from jsonb_array_elements(p_value) as e (item)
            group by e.item;
    else
        return query
            select lpad(p_here::text, 19, '0') || ':' || lpad(e.number::text, 5, '0'), e.item
            from jsonb_array_elements(p_value) with ordinality as e (item, number)
            where p_keep is null or e.number > jsonb_array_length(p_value) - p_keep
            order by e.number;
    end if;
end $$;
